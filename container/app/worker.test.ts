import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

const SCOPE = 'https://a.b/app/test/'

class FakeCache {
  readonly entries = new Map<string, string>()
  async addAll(urls: string[]): Promise<void> { for (const url of urls) this.entries.set(new URL(url, SCOPE).href, 'first') }
  async match(key: string): Promise<Response | undefined> {
    const text = this.entries.get(key)
    return text === undefined ? undefined : new Response(text)
  }
  async put(key: string, response: Response): Promise<void> { this.entries.set(key, await response.text()) }
}

type Listener = (event: { [name: string]: unknown }) => void
let listeners: Map<string, Listener>
let cache: FakeCache
let network: () => Promise<Response>

beforeEach(async () => {
  vi.useFakeTimers()
  vi.resetModules()
  listeners = new Map()
  cache = new FakeCache()
  network = async () => new Response('new')
  vi.stubGlobal('addEventListener', (name: string, listener: Listener) => { listeners.set(name, listener) })
  vi.stubGlobal('registration', { scope: SCOPE })
  vi.stubGlobal('skipWaiting', async () => undefined)
  vi.stubGlobal('caches', { open: async () => cache })
  vi.stubGlobal('fetch', () => network())
  await import('./worker')
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

/** What the page gets, and whether the worker has done all that it wanted to live for. */
function ask(url: string, { mode = 'no-cors', method = 'GET' } = {}) {
  const waits: Promise<unknown>[] = []
  let answer: Promise<Response> | undefined
  listeners.get('fetch')!({
    request: { url, mode, method },
    respondWith: (response: Promise<Response>) => { answer = response },
    waitUntil: (work: Promise<unknown>) => { waits.push(work) },
  })
  return { text: answer?.then((response) => response.text()), done: () => Promise.all(waits) }
}
const kept = (path: string): string | undefined => cache.entries.get(SCOPE + path)
const install = async (): Promise<void> => {
  let done: unknown
  listeners.get('install')!({ waitUntil: (work: unknown) => { done = work } })
  await done
}
const later = (ms: number, make: () => Response): (() => Promise<Response>) =>
  () => new Promise((resolve) => setTimeout(() => resolve(make()), ms))

describe('the super app\'s worker', () => {
  it('takes what the network has, and keeps it', async () => {
    await install()
    expect(kept('app.js')).toBe('first')
    const { text, done } = ask(`${SCOPE}app.js`)
    expect(await text).toBe('new')
    await done()
    expect(kept('app.js')).toBe('new')
  })

  it('has one page for all its addresses, without what they say', async () => {
    const { text, done } = ask(`${SCOPE}?program=bank&trial=secret`, { mode: 'navigate' })
    await text
    await done()
    expect([...cache.entries]).toEqual([[SCOPE, 'new']])
  })

  it('starts without a network', async () => {
    await install()
    network = async () => { throw new TypeError('Failed to fetch') }
    const { text, done } = ask(`${SCOPE}app.js`)
    expect(await text).toBe('first')
    await done()
  })

  it('does not wait for a slow network, but keeps what it brings for the next time', async () => {
    await install()
    network = later(60_000, () => new Response('new'))
    const { text, done } = ask(`${SCOPE}app.js`)
    await vi.advanceTimersByTimeAsync(3000)
    expect(await text).toBe('first')
    expect(kept('app.js')).toBe('first')
    await vi.advanceTimersByTimeAsync(57_000)
    await done()
    expect(kept('app.js')).toBe('new')
  })

  it('waits for the network as long as it takes where nothing is kept', async () => {
    network = later(60_000, () => new Response('new'))
    const { text } = ask(`${SCOPE}chunks/map.js`)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(await text).toBe('new')
  })

  it('does not keep errors', async () => {
    await install()
    network = async () => new Response('gone', { status: 404 })
    const { text, done } = ask(`${SCOPE}app.js`)
    expect(await text).toBe('gone')
    await done()
    expect(kept('app.js')).toBe('first')
  })

  it('works where the browser keeps nothing', async () => {
    vi.stubGlobal('caches', { open: () => Promise.reject(new DOMException('denied', 'SecurityError')) })
    const { text, done } = ask(`${SCOPE}app.js`)
    expect(await text).toBe('new')
    await done()
  })

  it.each([
    ['of others', 'https://a.b/device/v1/test/programs', 'GET'], ['that change something', `${SCOPE}x`, 'POST'],
  ])('leaves requests %s alone', (_, url, method) => { expect(ask(url, { method }).text).toBeUndefined() })
})
