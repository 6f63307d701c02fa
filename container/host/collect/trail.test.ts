import { describe, expect, it } from 'vitest'
import type { Notice } from '../../bridge/messages'
import type { Happening, ProgramVersion } from './happenings'
import type { Draft, Kind } from './records'
import { Trail } from './trail'

const VERSION: ProgramVersion = { key: 'bank', version: '1.0.0', code: 10000, release: 'r1' }

function setUp(first = false) {
  const made: [Kind, Draft, boolean][] = []
  const kept: string[] = []
  const dropped: number[] = []
  const renewed: number[] = []
  const trail = new Trail({
    emit: (kind, draft, active) => made.push([kind, draft, active]),
    keep: (_at, level, text) => kept.push(`${level} ${text}`),
    renew: (at) => renewed.push(at),
    drop: (count) => dropped.push(count),
  }, () => first)
  const take = (at: number, happening: Happening): void => trail.take({ ...happening, at })
  const tell = (at: number, notice: Notice): void => take(at, { what: 'notice', notice })
  const route = (at: number, page: string, how: string, query = {}): void =>
    tell(at, { kind: 'route', stack: [{ route: page, query }], how })
  /** As every start goes. */
  const start = (scene = 1001, again = false): void => {
    take(1000, { what: 'launch', again, scene })
    take(1010, { what: 'phase', name: 'check', ms: 10 })
    take(1010, { what: 'known', version: VERSION })
    take(1040, { what: 'phase', name: 'download', ms: 20 })
    take(1040, { what: 'phase', name: 'verify', ms: 10 })
    take(1050, { what: 'booted' })
    take(1050, { what: 'phase', name: 'boot', ms: 10 })
    route(1100, 'pages/a', 'appLaunch', { id: '7' })
    tell(1130, { kind: 'painted', page: 'pages/a', ms: 130, render: 60 })
  }
  const named = (name: string): Draft[] => made.map(([, draft]) => draft).filter((draft) => 'name' in draft && draft.name === name)
  return { trail, made, kept, dropped, renewed, take, tell, route, start, named }
}

describe('launches', () => {
  it('are told with each phase', () => {
    const { start, named, renewed } = setUp(true)
    start()
    expect(renewed).toEqual([1000])
    expect(named('$launch')).toEqual([{
      type: 'event', name: '$launch', at: 1000, value: 130, page: 'pages/a',
      props: {
        kind: 'cold', scene: 1001, first: true, phases: { check: 10, download: 20, verify: 10, boot: 10, script: 50, render: 30 },
      },
    }])
  })

  it('are warm when the program ran before, and go on with the session', () => {
    const { start, named, renewed } = setUp()
    start(1001, true)
    expect(named('$launch')[0]!.props).toMatchObject({ kind: 'warm', first: false })
    expect(renewed).toEqual([])
  })

  it('are told without a time when the person left before the first page', () => {
    const { take, named } = setUp()
    take(1000, { what: 'launch', again: false, scene: 1001 })
    take(4000, { what: 'hide' })
    take(5000, { what: 'end' })
    expect(named('$launch')).toHaveLength(1)
    expect(named('$launch')[0]).not.toHaveProperty('value')
    expect(named('$launch')[0]!.props).toMatchObject({ left: true })
  })

  it('are hot from the background, with the page that is seen again', () => {
    const { start, take, named, made } = setUp()
    start()
    take(2000, { what: 'hide' })
    made.length = 0
    take(9030, { what: 'show', launch: { scene: 1001 }, elsewhere: false, ms: 30 })
    expect(named('$launch')[0]).toMatchObject({ at: 9000, value: 30, props: { kind: 'hot' } })
    expect(named('$page_view')[0]).toMatchObject({ page: 'pages/a', props: { source: 'launch', referrer: '' } })
    take(9530, { what: 'hide' })
    expect(named('$page_leave')[0]).toMatchObject({ page: 'pages/a', value: 500 })
  })

  it.each([[1007, 'share'], [1037, 'program'], [1001, 'launch']])('scene %i is %s', (scene, source) => {
    const { start, named } = setUp()
    start(scene)
    expect(named('$page_view')[0]!.props).toEqual({ source, referrer: '', query: ['id'] })
  })
})

describe('pages', () => {
  it('are entered with source and referrer, and left with their stay', () => {
    const { start, route, tell, named } = setUp()
    start()
    route(5100, 'pages/b', 'navigateTo', { token: 'secret' })
    tell(5150, { kind: 'painted', page: 'pages/b', ms: 1, render: 70 })
    route(6100, 'pages/a', 'navigateBack')
    expect(named('$page_view')).toMatchObject([
      { page: 'pages/a', at: 1100, value: 60 },
      { page: 'pages/b', at: 5100, value: 70, props: { source: 'navigate', referrer: 'pages/a', query: ['token'] } },
      { page: 'pages/a', at: 6100, props: { source: 'back', referrer: 'pages/b' } },
    ])
    expect(named('$page_view')[2]).not.toHaveProperty('value')
    expect(named('$page_leave')).toMatchObject([
      { page: 'pages/a', at: 5100, value: 4000, props: { next: 'pages/b' } },
      { page: 'pages/b', value: 1000, props: { next: 'pages/a' } },
    ])
    expect(JSON.stringify(named('$page_view'))).not.toContain('secret')
  })

  it('are told without a time when they never paint', () => {
    const { start, route, take, named } = setUp()
    start()
    route(2000, 'pages/b', 'redirectTo')
    take(13_000, { what: 'report', report: { kind: 'event', name: 'x' } })
    expect(named('$page_view')[1]).toMatchObject({ page: 'pages/b', at: 2000, props: { source: 'redirect' } })
    expect(named('$page_view')[1]).not.toHaveProperty('value')
  })

  it('do not count the time in which the phone is out of sight', () => {
    const { start, trail, take, named } = setUp()
    start()
    trail.pause(2100)
    trail.pause(2200)
    take(3000, { what: 'hide' })
    expect(named('$page_leave')).toMatchObject([{ value: 1000 }])
    const again = setUp()
    again.start()
    again.trail.pause(2100)
    again.trail.unpause(60_000)
    again.take(60_250, { what: 'end' })
    expect(again.named('$page_leave')).toMatchObject([{ value: 1000 }, { value: 250 }])
    expect(again.named('$page_view')).toHaveLength(1)
  })
})

describe('errors', () => {
  it('have what led to them', () => {
    const { start, take, tell, made, named } = setUp()
    start()
    take(2000, { what: 'asked', asked: { url: 'https://h/u/7?q=1', method: 'GET', status: 500, up: 0, down: 3, ms: 50 } })
    tell(2010, { kind: 'observed', records: [{ what: 'tap', at: 2005, page: 'pages/a', component: 'pages/a', element: 'button', id: 'pay', handler: 'onPay' }] })
    tell(2015, { kind: 'log', level: 'warn', args: ['low', { n: 1 }] })
    tell(2016, { kind: 'log', level: 'log', args: ['nothing'] })
    tell(2020, { kind: 'error', type: 'error', message: 'TypeError: x is not a function', stack: 'at onPay', page: 'pages/a' })
    const error = made.map(([, draft]) => draft).find(({ type }) => type === 'error')
    expect(error).toEqual({
      type: 'error', at: 2020, page: 'pages/a',
      error: {
        type: 'TypeError', message: 'x is not a function', stack: 'at onPay', fatal: false, handled: false, mechanism: 'onerror',
      },
      breadcrumbs: [
        { at: 1100, category: 'page', message: 'launch pages/a' },
        { at: 2000, category: 'request', message: 'GET h/u/{id} 500 50 ms' },
        { at: 2005, category: 'tap', message: 'pages/a button#pay onPay' },
        { at: 2015, category: 'log', level: 'warn', message: 'low {"n":1}' },
      ],
    })
    expect(named('$error')).toMatchObject([{ page: 'pages/a', props: { type: 'TypeError', message: 'x is not a function', fatal: false } }])
  })

  it('are fatal when the host stopped the program', () => {
    const { start, take, made, named } = setUp()
    start()
    take(9000, { what: 'crash', fault: 'hung', message: '5 s, pages/a' })
    expect(made.find(([, { type }]) => type === 'error')![1]).toMatchObject({
      page: 'pages/a', error: { type: 'hung', message: '5 s, pages/a', fatal: true, handled: false, mechanism: 'host' },
    })
    expect(named('$page_leave')).toMatchObject([{ value: 7900, props: { next: '' } }])
  })

  it('are not fatal when a package could not be had', () => {
    const { take, made, named } = setUp()
    take(1000, { what: 'launch', again: false, scene: 1001 })
    take(2000, { what: 'crash', fault: 'download', message: 'manifest.json' })
    expect(made.find(([, { type }]) => type === 'error')![1]).toMatchObject({ error: { type: 'download', fatal: false } })
    expect(named('$launch')[0]!.props).toMatchObject({ left: true })
  })

  it('of a loop are told of by some, and a fatal one always', () => {
    const { start, tell, take, made, dropped } = setUp()
    start()
    for (let n = 0; n < 100; n++) tell(2000, { kind: 'error', type: 'error', message: 'Error: again' })
    const errors = (): number => made.filter(([, { type }]) => type === 'error').length
    expect(errors()).toBe(20)
    expect(dropped).toHaveLength(80)
    take(2001, { what: 'crash', fault: 'flood', message: '' })
    expect(errors()).toBe(21)
  })

  it('keep the last fifty steps', () => {
    const { start, tell, made } = setUp()
    start()
    for (let n = 0; n < 80; n++) tell(2000 + n, { kind: 'log', level: 'error', args: [`line ${n}`] })
    tell(3000, { kind: 'error', type: 'unhandledRejection', message: 'request:fail' })
    const error = made.find(([, { type }]) => type === 'error')![1] as Extract<Draft, { type: 'error' }>
    expect(error.breadcrumbs).toHaveLength(50)
    expect(error.breadcrumbs.at(-1)!.message).toBe('line 79')
    expect(error.error).toMatchObject({ type: 'UnhandledRejection', mechanism: 'onunhandledrejection' })
  })
})

describe('the rest', () => {
  it('passes on what the frame measured, within bounds', () => {
    const { start, tell, named } = setUp()
    start()
    tell(100_000, {
      kind: 'observed',
      records: [
        { what: 'set_data', at: 99_990, page: 'pages/a', component: 'pages/a', keys: ['list', 5], bytes: 10, value: 33.333, script: 20 },
        { what: 'long_task', at: 5, page: 'pages/a', value: 80, during: 'tap' },
        { what: 'white_screen', at: 999_999, page: 'pages/a', value: 3010, reason: 'empty', elements: 2 },
        { what: 'long_task', value: 'x'.repeat(10), during: 7 },
        { what: 'nothing', at: 1 },
      ],
    })
    expect(named('$set_data')).toEqual([{
      type: 'event', name: '$set_data', at: 99_990, page: 'pages/a', value: 33.3,
      props: { component: 'pages/a', keys: ['list', ''], bytes: 10, script: 20 },
    }])
    expect(named('$long_task')).toMatchObject([{ at: 40_000, value: 80, props: { during: 'tap' } }, { value: 0, props: { during: '' } }])
    expect(named('$white_screen')).toMatchObject([{ at: 100_000, value: 3010, props: { reason: 'empty', elements: 2 } }])
  })

  it('tells of requests by pattern, from their beginning', () => {
    const { start, take, named } = setUp()
    start()
    take(3000, { what: 'asked', asked: { url: 'https://h/u/7?q=1', method: 'GET', status: 0, up: 1, down: 2, ms: 250, failure: 'timeout' } })
    expect(named('$request')).toEqual([{
      type: 'event', name: '$request', at: 2750, page: 'pages/a', value: 250,
      props: { host: 'h', pattern: '/u/{id}', method: 'GET', status: 0, bytes_up: 1, bytes_down: 2, failure: 'timeout' },
    }])
  })

  it('takes a program\'s own events, and never one of ours', () => {
    const { start, take, made } = setUp()
    start()
    made.length = 0
    take(2000, { what: 'report', report: { kind: 'event', name: 'buy', data: { price: 5, item: { id: 1 } } } })
    take(2000, { what: 'report', report: { kind: 'analytics', name: '$launch', data: {} } })
    take(2000, { what: 'report', report: { kind: 'monitor', name: 'm', data: '7' } })
    take(2000, { what: 'report', report: { kind: 'performance', name: 1001, data: 12, dimensions: ['a', 'b'] } })
    take(2000, { what: 'report', report: { kind: 'event', name: '$' } })
    expect(made.map(([kind, draft, active]) => [kind, draft, active])).toEqual([
      ['event', { type: 'event', name: 'buy', at: 2000, page: 'pages/a', props: { price: 5, item: '{"id":1}' } }, true],
      ['event', { type: 'event', name: 'launch', at: 2000, page: 'pages/a', props: {} }, true],
      ['event', { type: 'metric', name: 'm', kind: 'gauge', at: 2000, page: 'pages/a', value: 7, props: {} }, false],
      ['event', { type: 'metric', name: '1001', kind: 'gauge', at: 2000, page: 'pages/a', value: 12, props: { dimensions: '["a","b"]' } }, false],
    ])
  })

  it('sends real-time lines, and keeps all others on the phone', () => {
    const { start, tell, made, kept } = setUp()
    start()
    made.length = kept.length = 0
    tell(2000, { kind: 'log', level: 'info', args: ['sent', { a: 1 }], manager: 'realtime', tag: 'pay', filter: 'order 7' })
    tell(2001, { kind: 'log', level: 'debug', args: ['kept'], manager: 'kept' })
    tell(2002, { kind: 'log', level: 'debug', args: ['neither'] })
    tell(2003, { kind: 'log', level: 'log', args: ['console'] })
    expect(made).toEqual([
      ['log', { type: 'log', at: 2000, level: 'info', page: 'pages/a', message: 'sent {"a":1}', tag: 'pay', props: { filter: 'order 7' } }, false],
    ])
    expect(kept).toEqual(['info [pay] sent {"a":1}', 'debug kept', 'info console'])
  })

  it('cannot be made to take more by times that a program gives', () => {
    const { start, tell, named } = setUp()
    start()
    for (let n = 0; n < 1000; n++) {
      tell(100_000, { kind: 'observed', records: [{ what: 'tap', at: n % 2 ? 100_000 : 40_000 }] })
    }
    expect(named('$tap').length).toBeLessThanOrEqual(300)
  })

  it('keeps no more lines on the phone than a console may have', () => {
    const { start, tell, kept } = setUp()
    start()
    for (let n = 0; n < 5000; n++) tell(2000, { kind: 'observed', records: [{ what: 'tap' }] })
    expect(kept.length).toBeLessThanOrEqual(1010)
    tell(3000, { kind: 'log', level: 'warn', args: ['later'] })
    expect(kept.at(-1)).toBe('warn later')
  })

  it('goes on when the clock is set back', () => {
    const { start, take, named } = setUp()
    start()
    for (const at of [4_000_000, 400_000]) {
      for (let n = 0; n < 1000; n++) take(at, { what: 'report', report: { kind: 'event', name: `at ${at}` } })
    }
    expect(named('at 400000').length).toBeGreaterThanOrEqual(290)
  })

  it('counts what the frame left out itself', () => {
    const { start, take, dropped } = setUp()
    start()
    take(2000, { what: 'report', report: { kind: 'event', name: 'loop', lost: 700 } })
    expect(dropped).toEqual([700])
  })

  it('leaves out what is too much, and says so', () => {
    const { start, take, made, dropped } = setUp()
    start()
    for (let n = 0; n < 1000; n++) take(2000, { what: 'report', report: { kind: 'event', name: 'again' } })
    expect(made.length).toBeLessThanOrEqual(310)
    expect(made.length + dropped.length).toBe(1000 + 2)
  })
})
