import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Departures } from './departures'

class FakeDocument extends EventTarget { visibilityState = 'visible' }

class Notes {
  readonly values = new Map<string, string>()
  getItem(key: string): string | null { return this.values.get(key) ?? null }
  setItem(key: string, value: string): void { this.values.set(key, value) }
  removeItem(key: string): void { this.values.delete(key) }
}

let page: FakeDocument
let view: EventTarget
let notes: Notes

beforeEach(() => {
  page = new FakeDocument()
  view = new EventTarget()
  notes = new Notes()
  vi.stubGlobal('document', page)
  vi.stubGlobal('window', view)
})
afterEach(() => { vi.unstubAllGlobals() })

const make = (): Departures => new Departures('left', () => notes)
const see = (state: string): void => {
  page.visibilityState = state
  page.dispatchEvent(new Event('visibilitychange'))
}

describe('departures', () => {
  it('are starts under way when the page goes away', () => {
    const departures = make()
    departures.begin('bank')
    departures.begin('shop')
    departures.end('shop')
    expect(make().take()).toEqual([])
    view.dispatchEvent(new Event('pagehide'))
    expect(make().take()).toEqual(['bank'])
    // once
    expect(make().take()).toEqual([])
  })

  it('are none when the person comes back, and when the start ends after all', () => {
    const departures = make()
    departures.begin('bank')
    see('hidden')
    see('visible')
    expect(make().take()).toEqual([])
    see('hidden')
    departures.end('bank')
    expect(make().take()).toEqual([])
    expect(notes.values.size).toBe(0)
  })

  it('are starts out of sight, too', () => {
    page.visibilityState = 'hidden'
    make().begin('bank')
    expect(make().take()).toEqual(['bank'])
  })

  it('leave alone those of other pages', () => {
    const one = make()
    one.begin('bank')
    see('hidden')
    const other = make()
    other.begin('shop')
    see('hidden')
    other.end('shop')
    expect(make().take()).toEqual(['bank'])
  })

  it('are nothing new after the phone was put away', () => {
    const departures = make()
    departures.begin('bank')
    departures.stop()
    see('hidden')
    view.dispatchEvent(new Event('pagehide'))
    expect(make().take()).toEqual([])
  })

  it.each([
    ['cannot be reached', () => { throw new DOMException('denied', 'SecurityError') }],
    ['hold something else', () => Object.assign(new Notes(), { getItem: () => '{"a":' })],
    ['hold another kind', () => Object.assign(new Notes(), { getItem: () => '{"a": 1}' })],
  ])('do without notes that %s', (_, broken: () => Notes) => {
    const departures = new Departures('left', broken)
    departures.begin('bank')
    see('hidden')
    departures.end('bank')
    expect(departures.take()).toEqual([])
  })
})
