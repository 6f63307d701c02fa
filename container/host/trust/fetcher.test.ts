import { describe, expect, it } from 'vitest'
import { httpFetcher } from './fetcher'

const BASE = 'https://updates.example/metadata'
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes)

/** A server, as a fetch function. */
const server = (answer: (url: string, init: RequestInit) => Response | Promise<Response>) => {
  const urls: string[] = []
  const request = async (url: string, init: RequestInit): Promise<Response> => {
    urls.push(url)
    expect(init.cache).toBe('no-cache')
    return answer(url, init)
  }
  return { urls, request }
}

describe('httpFetcher', () => {
  it('asks below its folder and gives the bytes', async () => {
    const { urls, request } = server(() => new Response('hello'))
    expect(text(await httpFetcher(BASE, { request }).fetch('timestamp.json', 5))).toBe('hello')
    expect(text(await httpFetcher(`${BASE}/`, { request }).fetch('1.%23.json', 5))).toBe('hello')
    expect(urls).toEqual([`${BASE}/timestamp.json`, `${BASE}/1.%23.json`])
  })

  it('puts parts together', async () => {
    const parts = ['one ', '', 'two ', 'three']
    const { request } = server(() => new Response(new ReadableStream({
      pull(controller) {
        const part = parts.shift()
        if (part === undefined) controller.close()
        else controller.enqueue(new TextEncoder().encode(part))
      },
    })))
    expect(text(await httpFetcher(BASE, { request }).fetch('x', 100))).toBe('one two three')
  })

  it('takes an empty file for what it is', async () => {
    for (const body of [null, '']) {
      const { request } = server(() => new Response(body))
      expect(await httpFetcher(BASE, { request }).fetch('x', 10)).toEqual(new Uint8Array())
    }
  })

  it.each([403, 404, 410])('%i: there is no such file', async (status) => {
    const { request } = server(() => new Response('not here', { status }))
    expect(await httpFetcher(BASE, { request }).fetch('2.root.json', 10)).toBeUndefined()
  })

  it.each([400, 401, 429, 500, 503])('%i says nothing about the file', async (status) => {
    const { request } = server(() => new Response('', { status }))
    await expect(httpFetcher(BASE, { request }).fetch('x', 10)).rejects
      .toThrow(`${BASE}/x: the server answered ${status}`)
  })

  it('stops reading data without end', async () => {
    let sent = 0
    let cancelled = false
    const { request } = server(() => new Response(new ReadableStream({
      pull(controller) {
        sent += 1000
        controller.enqueue(new Uint8Array(1000))
      },
      cancel() {
        cancelled = true
      },
    })))
    await expect(httpFetcher(BASE, { request }).fetch('timestamp.json', 16_384)).rejects
      .toMatchObject({ name: 'TrustError', fault: 'length', file: 'timestamp.json' })
    expect(sent).toBeLessThan(20_000)
    expect(cancelled).toBe(true)
  })

  it('gives up on a server that sends drop by drop', async () => {
    const { request } = server((_, { signal }) => new Response(new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(1))
        signal!.addEventListener('abort', () => controller.error(signal!.reason))
      },
    })))
    await expect(httpFetcher(BASE, { request, timeout: 1 }).fetch('x', 10)).rejects
      .toThrow(`${BASE}/x: no complete answer in 1 ms`)
  })

  it('leaves a network that is not there to its caller', async () => {
    const { request } = server(() => Promise.reject(new TypeError('Failed to fetch')))
    await expect(httpFetcher(BASE, { request }).fetch('x', 10)).rejects.toThrow(TypeError)
  })
})
