import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Schedule } from './schedule'

class FakeStream extends EventTarget {
  static readonly CLOSED = 2
  static open: FakeStream[] = []
  readyState = 1
  get closed(): boolean { return this.readyState === FakeStream.CLOSED }
  constructor(readonly url: string) {
    super()
    FakeStream.open.push(this)
  }
  close(): void { this.readyState = FakeStream.CLOSED }
}

class FakeDocument extends EventTarget { visibilityState = 'visible' }

let page: FakeDocument
let view: EventTarget
let checks: number
let left: number

beforeEach(() => {
  vi.useFakeTimers()
  page = new FakeDocument()
  view = new EventTarget()
  checks = left = 0
  FakeStream.open = []
  vi.stubGlobal('document', page)
  vi.stubGlobal('window', view)
  vi.stubGlobal('EventSource', FakeStream)
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

function start(interval = 100, check = async (): Promise<void> => { checks++ }): Schedule {
  const schedule = new Schedule({
    events: async () => 'https://a/events', check, interval: () => interval, leaving: () => { left++ },
  })
  schedule.start()
  return schedule
}

const see = (state: string): void => {
  page.visibilityState = state
  page.dispatchEvent(new Event('visibilitychange'))
}
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms)

describe('schedule', () => {
  it('checks at the start and at the interval, with jitter of a fifth', async () => {
    start(100)
    await pass(0)
    expect(checks).toBe(1)
    await pass(79_000)
    expect(checks).toBe(1)
    await pass(42_000)
    expect(checks).toBe(2)
    await pass(10 * 121_000)
    expect(checks).toBeGreaterThanOrEqual(12)
  })

  it('goes on after a check that failed', async () => {
    start(100, async () => { checks++; throw new Error('offline') })
    await pass(121_000)
    expect(checks).toBe(2)
  })

  it('checks soon after an event of the server', async () => {
    start(10_000)
    await pass(10)
    FakeStream.open[0]!.dispatchEvent(new Event('release'))
    await pass(500)
    expect(checks).toBe(2)
  })

  it('checks again when the event comes while a check is under way', async () => {
    let answer = (): void => {}
    start(10_000, () => {
      checks++
      return new Promise((resolve) => { answer = resolve })
    })
    await pass(10)
    FakeStream.open[0]!.dispatchEvent(new Event('release'))
    // the first check ends before the phone asks for the event
    answer()
    await pass(500)
    expect(checks).toBe(2)
  })

  it('checks when the stream comes back after it was cut off, for what was not heard', async () => {
    start(10_000)
    await pass(10)
    const [stream] = FakeStream.open
    stream!.dispatchEvent(new Event('open'))
    await pass(60_000)
    expect(checks).toBe(1)
    stream!.readyState = 0
    stream!.dispatchEvent(new Event('error'))
    await pass(60_000)
    // not while the server is away
    expect(checks).toBe(1)
    stream!.dispatchEvent(new Event('open'))
    await pass(10_000)
    expect(checks).toBe(2)
    expect(FakeStream.open).toHaveLength(1)
  })

  it('opens another stream when the browser has given one up', async () => {
    start(10_000)
    await pass(10)
    FakeStream.open[0]!.close()
    FakeStream.open[0]!.dispatchEvent(new Event('error'))
    await pass(20_000)
    expect(FakeStream.open).toHaveLength(2)
    FakeStream.open[1]!.dispatchEvent(new Event('open'))
    await pass(10_000)
    expect(checks).toBe(2)
    // and none when nobody looks any more
    FakeStream.open[1]!.close()
    FakeStream.open[1]!.dispatchEvent(new Event('error'))
    see('hidden')
    await pass(60_000)
    expect(FakeStream.open).toHaveLength(2)
  })

  it('listens while it is seen, tells what it has to tell when it is not, and checks when it comes back', async () => {
    start(10_000)
    await pass(10)
    see('hidden')
    expect(left).toBe(1)
    expect(FakeStream.open[0]!.closed).toBe(true)
    await pass(60_000)
    see('visible')
    await pass(0)
    expect(checks).toBe(2)
    expect(FakeStream.open).toHaveLength(2)
    // there and back at once is no reason
    see('hidden')
    see('visible')
    await pass(0)
    expect(checks).toBe(2)
  })

  it('checks when the network is back', async () => {
    start(10_000)
    await pass(10)
    view.dispatchEvent(new Event('online'))
    await pass(0)
    expect(checks).toBe(2)
  })

  it('ends', async () => {
    const schedule = start(10)
    await pass(10)
    schedule.stop()
    see('visible')
    view.dispatchEvent(new Event('online'))
    await pass(100_000)
    expect(checks).toBe(1)
    expect(FakeStream.open.every(({ closed }) => closed)).toBe(true)
  })
})
