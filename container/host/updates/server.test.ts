import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DeviceServer, ServerError } from './server'

beforeEach(() => { vi.useFakeTimers() })
afterEach(() => { vi.useRealTimers() })

type Answer = (init: RequestInit) => Response | Promise<Response>

/** A server whose answers are given in order; the last one stays. */
function serve(...answers: Answer[]): { server: DeviceServer; asked: RequestInit[] } {
  const asked: RequestInit[] = []
  const fetch = async (_: unknown, init: RequestInit = {}): Promise<Response> => {
    const answer = answers[Math.min(asked.length, answers.length - 1)]!
    asked.push(init)
    return answer(init)
  }
  return { server: new DeviceServer('https://a/device/v1/w/', fetch as typeof globalThis.fetch), asked }
}

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)
const body = (text: string, etag = '"x"'): Answer => () => new Response(text, { headers: { etag } })
const status = (code: number): Answer => () => new Response('', { status: code })
const offline: Answer = () => { throw new TypeError('Failed to fetch') }
/** Sends `text`, then nothing more until it is given up. */
const silent = (text = ''): Answer => ({ signal }) => new Response(new ReadableStream({
  start(controller) {
    if (text) controller.enqueue(bytes(text))
    signal!.addEventListener('abort', () => controller.error(signal!.reason))
  },
}))

const target = { key: 'bank', code: 1, file: 'main.zip', sha256: 'ab', size: 4 }
const verify = async (found: Uint8Array): Promise<void> => {
  if (new TextDecoder().decode(found) !== 'good') throw new Error('other bytes')
}
const plain = { cache: 'no-store', headers: { range: 'bytes=0-' } }

describe('a file of a version', () => {
  it('is asked for once when it is good', async () => {
    const { server, asked } = serve(body('good'))
    expect(await server.target(target, verify)).toEqual(bytes('good'))
    expect(asked).toHaveLength(1)
    expect(asked[0]).not.toHaveProperty('headers')
  })

  it.each([['damaged', body('evil')], ['too long', body('good or evil')], ['broken off', offline]])(
    'that is %s is fetched again without caches, dictionaries and compression', async (_, first) => {
      const { server, asked } = serve(first, body('good'))
      expect(await server.target(target, verify)).toEqual(bytes('good'))
      expect(asked[1]).toMatchObject(plain)
    })

  it('that stays damaged is refused', async () => {
    const { server, asked } = serve(body('evil'))
    await expect(server.target(target, verify)).rejects.toThrow('other bytes')
    expect(asked).toHaveLength(2)
  })

  it('that the server does not have is not asked for again', async () => {
    const { server, asked } = serve(status(404))
    await expect(server.target(target, verify)).rejects.toMatchObject({ status: 404 })
    expect(asked).toHaveLength(1)
  })
})

describe('a file by the browser\'s own dictionary', () => {
  it('is taken when it is a delta', async () => {
    const { server } = serve(body('good', '"ab.dcz.cd"'))
    expect(await server.targetByDelta(target, verify)).toEqual(bytes('good'))
  })

  it.each([
    ['the whole file comes', body('good')], ['it is damaged', body('evil', '"ab.dcz.cd"')], ['it fails', offline],
    ['there is none', status(404)],
  ])('is left to the other ways when %s', async (_, answer) => {
    const { server, asked } = serve(answer)
    expect(await server.targetByDelta(target, verify)).toBeUndefined()
    expect(asked).toHaveLength(1)
  })
})

describe('a delta as a file', () => {
  it('may be missing', async () => {
    expect(await serve(status(404)).server.delta('a', 'b', 10)).toBeUndefined()
    expect(await serve(body('delta')).server.delta('a', 'b', 10)).toEqual(bytes('delta'))
  })

  it('is bounded', async () => {
    await expect(serve(body('far too long')).server.delta('a', 'b', 10)).rejects.toThrow('more than 10 bytes')
  })
})

describe('a connection that was lost without a word', () => {
  const waiting = async (promise: Promise<unknown>): Promise<() => unknown> => {
    let end: unknown = 'waits'
    promise.then((value) => { end = value }, (error: unknown) => { end = error })
    await vi.advanceTimersByTimeAsync(0)
    return () => end
  }

  it.each([['before', ''], ['after', 'go']])('%s the first bytes is given up', async (_, text) => {
    const { server } = serve(silent(text))
    const end = await waiting(server.target(target, verify))
    await vi.advanceTimersByTimeAsync(29_000)
    expect(end()).toBe('waits')
    // twice, as it is tried again
    await vi.advanceTimersByTimeAsync(32_000)
    expect(end()).toBeInstanceOf(ServerError)
  })

  it('is none while bytes come, however slowly', async () => {
    const { server } = serve(() => new Response(new ReadableStream({
      async start(controller) {
        for (const letter of 'good') {
          await new Promise((resolve) => setTimeout(resolve, 20_000))
          controller.enqueue(bytes(letter))
        }
        controller.close()
      },
    })))
    const end = await waiting(server.target(target, verify))
    await vi.advanceTimersByTimeAsync(81_000)
    expect(end()).toEqual(bytes('good'))
  })

  it('ends a check after ten seconds', async () => {
    const { server } = serve(silent('{'))
    const end = await waiting(server.check({ device: 'd', context: {}, programs: [], timestamp: 0 }))
    await vi.advanceTimersByTimeAsync(10_000)
    expect(end()).toMatchObject({ name: 'ServerError', status: 0, message: 'no answer in 10 s' })
  })

  it('ends a report, which is then sent again', async () => {
    const { server } = serve(({ signal }) => new Promise((_, reject) => {
      signal!.addEventListener('abort', () => reject(signal!.reason as Error))
    }))
    const end = await waiting(server.report({ device: 'd', batch: 'b', reports: [] }))
    await vi.advanceTimersByTimeAsync(30_000)
    expect(end()).toBeInstanceOf(ServerError)
  })
})
