import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

vi.mock('idiomorph', () => ({ Idiomorph: {} }))
vi.mock('./enhance', () => ({ enhance: vi.fn() }))
vi.mock('./words', () => ({ word: (name: string) => name }))
const said: string[] = []
vi.mock('./toast', () => ({
  toast: (text: string) => {
    said.push(text)
    return () => said.push(`${text} taken back`)
  },
}))

const { isStale, startLive } = await import('./live')

describe('a region', () => {
  it('is stale when one of its topics changed', () => {
    expect(isStale('release:1 programs', ['keys', 'programs'])).toBe(true)
    expect(isStale('release:1', ['release:12', 'release'])).toBe(false)
    expect(isStale('release:1', [])).toBe(false)
  })

  it('is stale when everything may have changed', () => {
    expect(isStale('release:1', ['*'])).toBe(true)
  })
})

class FakeSource extends EventTarget {
  static readonly CLOSED = 2
  static all: FakeSource[] = []
  readyState = 0
  constructor(readonly address: string) {
    super()
    FakeSource.all.push(this)
  }
  close() {
    this.readyState = 2
  }
  fail(readyState: number) {
    this.readyState = readyState
    this.dispatchEvent(new Event('error'))
  }
  open() {
    this.readyState = 1
    this.dispatchEvent(new Event('open'))
  }
}

const regions = [{ id: 'a', dataset: { live: 'release:1' } }]
const newPage = () => Object.assign(new EventTarget(), { hidden: false, querySelectorAll: () => regions })
let page = newPage()

describe('the stream', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    said.length = 0
    FakeSource.all = []
    page = newPage()
    vi.stubGlobal('document', page)
    vi.stubGlobal('window', new EventTarget())
    vi.stubGlobal('location', { href: 'http://server/console/w/releases/1' })
    vi.stubGlobal('EventSource', FakeSource)
    vi.stubGlobal('fetch', vi.fn(() => new Promise(() => undefined)))
    startLive('/console/w/live', () => undefined)
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })
  const last = () => FakeSource.all.at(-1)!

  it('fetches what changed, once while it is under way', () => {
    last().open()
    for (const data of ['programs', 'keys release:1', 'release:1']) {
      last().dispatchEvent(new MessageEvent('change', { data }))
    }
    expect(fetch).toHaveBeenCalledExactlyOnceWith('http://server/console/w/releases/1', {
      headers: { 'X-Eden-Live': 'true' },
    })
  })

  it('says nothing of a short interruption, and looks for what was missed', () => {
    last().open()
    last().fail(0)
    vi.advanceTimersByTime(4000)
    last().open()
    vi.advanceTimersByTime(20_000)
    expect(said).toEqual([])
    expect(fetch).toHaveBeenCalledOnce()
  })

  it('says that the connection is lost, once, and that it is back', () => {
    last().open()
    for (let i = 0; i < 3; i++) {
      last().fail(0)
      vi.advanceTimersByTime(6000)
    }
    expect(said).toEqual(['offline'])
    last().open()
    expect(said).toEqual(['offline', 'offline taken back', 'online'])
  })

  it('comes back after it was refused', () => {
    last().fail(2)
    vi.advanceTimersByTime(11_000)
    expect(FakeSource.all).toHaveLength(2)
  })

  it('comes back after it was refused while it tried again', () => {
    last().open()
    last().fail(0)
    vi.advanceTimersByTime(2000)
    // a proxy answers for the server that restarts
    last().fail(2)
    vi.advanceTimersByTime(11_000)
    expect(FakeSource.all).toHaveLength(2)
    last().open()
    expect(said).toEqual(['offline', 'offline taken back', 'online'])
  })

  it('rests while nobody looks', () => {
    const first = last()
    first.open()
    page.hidden = true
    page.dispatchEvent(new Event('visibilitychange'))
    expect(first.readyState).toBe(2)
    page.hidden = false
    page.dispatchEvent(new Event('visibilitychange'))
    last().open()
    expect(FakeSource.all).toHaveLength(2)
    expect(fetch).toHaveBeenCalledOnce()
    expect(said).toEqual([])
  })
})
