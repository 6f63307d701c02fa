import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { add, followTails, MOST } from './tail'

/** As much of a list as lines need. */
class FakeList {
  items: string[] = []
  dataset = { tail: '/logs/tail?q=pay' }
  prepend(content: { items: string[] }) {
    this.items.unshift(...content.items)
  }
  get childElementCount() {
    return this.items.length
  }
  get lastElementChild() {
    return { remove: () => this.items.pop() }
  }
}

class FakeSource extends EventTarget {
  static readonly CLOSED = 2
  static all: FakeSource[] = []
  readyState = 1
  constructor(readonly address: string) {
    super()
    FakeSource.all.push(this)
  }
  close() {
    this.readyState = 2
  }
}

/** "a b" is two items. */
const template = () => ({
  content: { items: [] as string[], childElementCount: 0 },
  set innerHTML(html: string) {
    this.content = { items: html.split(' '), childElementCount: html.split(' ').length }
  },
})

let list = new FakeList()
let status = { dataset: { tailStatus: '# new lines' }, textContent: '' }
let page = Object.assign(new EventTarget(), { hidden: false })

describe('log lines as they come in', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    FakeSource.all = []
    list = new FakeList()
    status = { dataset: { tailStatus: '# new lines' }, textContent: '' }
    page = Object.assign(new EventTarget(), {
      hidden: false,
      createElement: template,
      querySelectorAll: () => [list],
      querySelector: () => status,
    })
    vi.stubGlobal('document', page)
    vi.stubGlobal('window', new EventTarget())
    vi.stubGlobal('EventSource', FakeSource)
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })
  const come = (data: string) => FakeSource.all.at(-1)!.dispatchEvent(new MessageEvent('lines', { data }))

  it('stand above those that are there, and are told from time to time', () => {
    followTails()
    expect(FakeSource.all[0]!.address).toBe('/logs/tail?q=pay')
    come('b a')
    come('c')
    expect(list.items).toEqual(['c', 'b', 'a'])
    expect(status.textContent).toBe('')
    vi.advanceTimersByTime(5000)
    expect(status.textContent).toBe('3 new lines')
    come('d')
    vi.advanceTimersByTime(5000)
    expect(status.textContent).toBe('1 new lines')
  })

  it('are followed once', () => {
    followTails()
    followTails()
    expect(FakeSource.all).toHaveLength(1)
  })

  it('do not fill the memory', () => {
    add(list as unknown as HTMLElement, Array.from({ length: MOST + 5 }, (_, number) => number).join(' '))
    expect(list.items).toHaveLength(MOST)
    expect(list.items[0]).toBe('0')
  })

  it('rest while nobody looks, and after the page', () => {
    followTails()
    page.hidden = true
    page.dispatchEvent(new Event('visibilitychange'))
    expect(FakeSource.all[0]!.readyState).toBe(2)
    page.hidden = false
    page.dispatchEvent(new Event('visibilitychange'))
    expect(FakeSource.all).toHaveLength(2)
    window.dispatchEvent(new Event('pagehide'))
    expect(FakeSource.all[1]!.readyState).toBe(2)
  })

  it('go on where they were', () => {
    followTails()
    const say = (kind: string, lastEventId: string) =>
      FakeSource.all.at(-1)!.dispatchEvent(new MessageEvent(kind, { data: 'a', lastEventId }))
    const again = () => {
      for (const hidden of [true, false]) {
        page.hidden = hidden
        page.dispatchEvent(new Event('visibilitychange'))
      }
      return FakeSource.all.at(-1)!.address
    }
    say('begun', '70')
    expect(again()).toBe('/logs/tail?q=pay&after=70')
    say('lines', '75')
    expect(again()).toBe('/logs/tail?q=pay&after=75')
  })

  it('are asked for again when the server refuses', () => {
    followTails()
    FakeSource.all[0]!.dispatchEvent(new Event('error'))
    vi.advanceTimersByTime(20_000)
    expect(FakeSource.all).toHaveLength(1)
    FakeSource.all[0]!.close()
    FakeSource.all[0]!.dispatchEvent(new Event('error'))
    vi.advanceTimersByTime(10_000)
    expect(FakeSource.all).toHaveLength(2)
  })
})
