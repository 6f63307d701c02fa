import { describe, expect, it, vi } from 'vitest'
import type { Notice } from '../bridge/messages'
import type { Runtime } from '../runtime/context'
import { diagnostics } from './diagnostics'

type Line = Extract<Notice, { kind: 'log' }>

function setUp() {
  const lines: Line[] = []
  const calls: object[] = []
  const listeners = new Map<string, (detail: unknown) => void>()
  const router: { opening: string | undefined; page: string } = { opening: undefined, page: 'pages/a' }
  const rt = {
    notify: (notice: Line) => lines.push(notice),
    call: async (name: string, args: object) => { calls.push({ call: name, ...args }) },
    hostHas: () => true,
    on: (name: string, listener: (detail: unknown) => void) => { listeners.set(name, listener) },
    router: { get opening() { return router.opening }, current: () => ({ route: router.page }) },
  } as unknown as Runtime
  const wx = diagnostics(rt).sync as { [name: string]: (...args: unknown[]) => any }
  return { wx, lines, calls, router, hide: () => listeners.get('pageHide')?.({}) }
}

describe('wx.getRealtimeLogManager', () => {
  it('writes lines with tag and filter', () => {
    const { wx, lines } = setUp()
    const log = wx.getRealtimeLogManager!()
    log.info('a', { b: 1 })
    log.setFilterMsg('order 7')
    log.addFilterMsg('paid')
    log.in({}).warn(new Error('x').message)
    log.tag('pay').error('key', [1])
    expect(lines).toEqual([
      { kind: 'log', level: 'info', args: ['a', { b: 1 }], manager: 'realtime' },
      { kind: 'log', level: 'warn', args: ['x'], manager: 'realtime', filter: 'order 7 paid' },
      { kind: 'log', level: 'error', args: ['key', [1]], tag: 'pay', manager: 'realtime', filter: 'order 7 paid' },
    ])
  })

  it('has WeChat\'s bounds for what is written while one page is seen', () => {
    const { wx, lines, router, hide } = setUp()
    const log = wx.getRealtimeLogManager!()
    for (let n = 0; n < 250; n++) log.info(n)
    expect(log.getCurrentState()).toMatchObject({ logCount: 200, maxLogCount: 200, maxSize: 5120 })
    expect(lines.filter(({ manager }) => manager)).toHaveLength(200)
    // the others are in the console all the same
    expect(lines).toHaveLength(250)
    router.opening = 'pages/b'
    expect(log.getCurrentState()).toMatchObject({ logCount: 0, size: 0 })
    log.info('x'.repeat(5000))
    log.info('y'.repeat(200))
    router.opening = undefined
    router.page = 'pages/b'
    expect(log.getCurrentState().logCount).toBe(1)
    hide()
    expect(log.getCurrentState().logCount).toBe(0)
    log.info('z'.repeat(6000))
    expect(log.getCurrentState().logCount).toBe(0)
  })

  it('bounds the words to find lines by', () => {
    const { wx, lines } = setUp()
    const log = wx.getRealtimeLogManager!()
    log.setFilterMsg('f'.repeat(3000))
    log.addFilterMsg('too much')
    log.info('a')
    expect(lines[0]!.filter).toBe('f'.repeat(1024))
  })
})

describe('wx.getLogManager', () => {
  it('keeps lines of up to 100 KB, and none is longer than the host takes', () => {
    const { wx, lines } = setUp()
    const log = wx.getLogManager!()
    log.debug('a')
    log.log('b')
    log.warn('x'.repeat(80_000))
    log.info('x'.repeat(200_000))
    expect(lines.map(({ level, manager }) => [level, manager])).toEqual([
      ['debug', 'kept'], ['log', 'kept'], ['warn', 'kept'], ['info', undefined],
    ])
    for (const { args } of lines) expect(JSON.stringify(args).length).toBeLessThan(64 * 1024)
  })
})

describe('reports', () => {
  it('go to the host as they are', () => {
    const { wx, calls } = setUp()
    wx.reportEvent!('buy', { sum: 5 })
    wx.reportAnalytics!('seen', {})
    wx.reportMonitor!('depth', 3)
    wx.reportPerformance!(2001, 12, ['cold'])
    expect(calls).toEqual([
      { call: 'report', kind: 'event', name: 'buy', data: { sum: 5 } },
      { call: 'report', kind: 'analytics', name: 'seen', data: {} },
      { call: 'report', kind: 'monitor', name: 'depth', data: 3 },
      { call: 'report', kind: 'performance', name: 2001, data: 12, dimensions: ['cold'] },
    ])
  })
  it('in a loop are sampled and counted, as the host stops who floods it', () => {
    const now = vi.spyOn(performance, 'now').mockReturnValue(0)
    const { wx, calls } = setUp()
    for (let n = 0; n < 100_000; n++) wx.reportEvent!('loop', { n })
    expect(calls).toHaveLength(300)
    now.mockReturnValue(1000)
    wx.reportEvent!('after')
    wx.reportEvent!('after')
    expect(calls.slice(300)).toEqual([
      { call: 'report', kind: 'event', name: 'after', data: undefined, lost: 99_700 },
      { call: 'report', kind: 'event', name: 'after', data: undefined },
    ])
    now.mockRestore()
  })
})
