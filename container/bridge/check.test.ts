import { describe, expect, it } from 'vitest'
import {
  Budget,
  BYTES_BURST,
  callId,
  checkFrameMessage,
  LOGS_BURST,
  MAX_DEPTH,
  MAX_DROPPED,
  MAX_MALFORMED,
  MAX_OBSERVED,
  MAX_OBSERVED_TEXT,
  MAX_OUTSTANDING,
  MAX_STACK,
  MAX_TEXT,
  MAX_VALUES,
  MESSAGES_BURST,
  MESSAGES_PER_SECOND,
  TokenBucket,
} from './check'
import type { FrameMessage } from './messages'

const call = (args: unknown): unknown => ({ kind: 'call', id: 1, name: 'request', args })
const accepted = (message: unknown): any => {
  const checked = checkFrameMessage(structuredClone(message))
  if (!checked.ok) throw new Error(checked.reason)
  return checked.message
}
const reason = (message: unknown): string => {
  const checked = checkFrameMessage(message)
  return checked.ok ? 'accepted' : checked.reason
}

describe('checkFrameMessage', () => {
  it.each([
    { kind: 'loaded' },
    { kind: 'painted', page: 'pages/a/a', ms: 12.5 },
    { kind: 'painted', page: 'pages/a/a', ms: 12.5, fault: 'app.js: TypeError: x' },
    { kind: 'route', stack: [{ route: 'pages/a/a', query: { x: '1' } }] },
    { kind: 'log', level: 'warn', args: ['a', 1, null, { b: [true] }], stack: 'at x' },
    { kind: 'error', type: 'error', message: 'x', stack: 'at y', page: 'pages/a/a' },
    { kind: 'unsupported', what: 'api', name: 'getX' },
    { kind: 'pong', seq: 3 },
    { kind: 'painted', page: 'pages/a/a', ms: 12.5, render: 3 },
    { kind: 'route', stack: [{ route: 'pages/a/a', query: {} }], how: 'navigateTo' },
    { kind: 'log', level: 'info', args: [], manager: 'realtime', tag: 'pay', filter: 'order 7' },
    { kind: 'observed', records: [{ what: 'tap', at: 5 }, { what: 'set_data', keys: ['a'] }] },
    { kind: 'call', id: 0, name: 'cloud.callFunction', args: { a: undefined, b: Number.NaN, c: [[[]]] } },
  ])('takes $kind', (message) => {
    expect(accepted(message)).toEqual(message)
  })

  it('keeps binary values as they are', () => {
    const data = new ArrayBuffer(3)
    const blob = new Blob(['four'])
    const checked = checkFrameMessage(call({ data, list: [blob] }))
    if (!checked.ok || checked.message.kind !== 'call') throw new Error('refused')
    expect(checked.message.args.data).toBe(data)
    expect(checked.message.args.list).toEqual([blob])
    expect(checked.bytes).toBeGreaterThanOrEqual(7)
  })

  it('gives objects without a prototype and drops what it does not know', () => {
    const { args, ...rest } = accepted({ ...(call({ a: { b: 1 } }) as object), extra: 'x' })
    expect(rest).toEqual({ kind: 'call', id: 1, name: 'request' })
    expect(Object.getPrototypeOf(args)).toBeNull()
    expect(Object.getPrototypeOf(args.a)).toBeNull()
  })

  it.each([
    ['a missing kind', {}, 'unknown kind of message'],
    ['an array', [], 'not a plain object'],
    ['null', null, 'not an object'],
    ['a negative id', { kind: 'call', id: -1, name: 'a', args: {} }, 'call without an id'],
    ['a broken id', { kind: 'call', id: 1.5, name: 'a', args: {} }, 'call without an id'],
    ['a name of an object', { kind: 'call', id: 1, name: '__proto__', args: {} }, 'call name'],
    ['a long name', { kind: 'call', id: 1, name: 'a'.repeat(101), args: {} }, 'text too long'],
    ['arguments that are a list', call([]), 'not a plain object'],
    ['arguments that are a text', call('x'), 'not an object'],
    ['a map', call({ a: new Map() }), 'not a plain object'],
    ['a date', call({ a: new Date() }), 'not a plain object'],
    ['a typed array', call({ a: new Uint8Array(1) }), 'not a plain object'],
    ['an error', call({ a: new Error('x') }), 'not a plain object'],
    ['a big integer', call({ a: 1n }), 'a bigint cannot cross'],
    ['a log level', { kind: 'log', level: 'trace', args: [] }, 'log level'],
    ['a log manager', { kind: 'log', level: 'log', args: [], manager: 'other' }, 'log manager'],
    ['too many records', { kind: 'observed', records: new Array(MAX_OBSERVED + 1).fill({}) }, 'not an array, or too long'],
    ['records that are none', { kind: 'observed', records: [5] }, 'not an object'],
    ['endless records', { kind: 'observed', records: [{ a: 'x'.repeat(MAX_OBSERVED_TEXT + 1) }] }, 'too much text'],
    ['log arguments', { kind: 'log', level: 'log', args: {} }, 'log arguments'],
    ['an error type', { kind: 'error', type: 'x', message: '' }, 'error type'],
    ['an infinite time', { kind: 'painted', page: 'a', ms: Infinity }, 'not a number'],
    ['a query of numbers', { kind: 'route', stack: [{ route: 'a', query: { a: 1 } }] }, 'not a text'],
    [
      'a stack too high',
      { kind: 'route', stack: new Array(MAX_STACK + 1).fill({ route: 'a', query: {} }) },
      'not an array, or too long',
    ],
    ['an unsupported thing', { kind: 'unsupported', what: 'x', name: 'a' }, 'unsupported: what'],
    ['a sparse array', call({ a: new Array(2 ** 32 - 1) }), 'not an array, or too long'],
    ['too much text', call({ a: 'x'.repeat(MAX_TEXT + 1) }), 'too much text'],
    [
      'too many values',
      call({ a: Array.from({ length: 11 }, () => new Array(MAX_VALUES / 10).fill(0)) }),
      'too many values',
    ],
  ])('refuses %s', (_, message, expected) => {
    expect(reason(message)).toBe(expected)
  })

  it('ends at cycles, depth and shared values', () => {
    const cycle: { a?: unknown } = {}
    cycle.a = cycle
    expect(reason(call(cycle))).toBe('nested too deep')
    let deep: unknown = 1
    for (let i = 0; i < MAX_DEPTH - 1; i++) deep = [deep]
    expect(reason(call({ deep }))).toBe('nested too deep')
    let bomb: unknown = 1
    for (let i = 0; i < 28; i++) bomb = [bomb, bomb]
    expect(reason(call({ bomb }))).toBe('too many values')
  })

  it('refuses ways to a prototype, and nothing that only looks like one', () => {
    expect(reason(call(JSON.parse('{"a":{"__proto__":{"x":1}}}')))).toBe('key "__proto__" is not allowed')
    expect(reason(call(JSON.parse('{"__proto__":"x"}')))).toBe('key "__proto__" is not allowed')
    expect(reason(call({ constructor: { prototype: {} } }))).toBe('key "constructor" is not allowed')
    expect(reason(call({ prototype: {} }))).toBe('key "prototype" is not allowed')
    expect(accepted(call({ constructor: 'Ferrari' })).args).toEqual({ constructor: 'Ferrari' })
  })

  it('never throws, whatever comes', () => {
    const evil = new Proxy(
      {},
      {
        getPrototypeOf() {
          throw new Error('x')
        },
        getOwnPropertyDescriptor() {
          throw new Error('x')
        },
      },
    )
    expect(reason(evil)).toBe('unreadable message')
    expect(callId(evil)).toBeUndefined()
    const getter = { get kind() { throw new Error('x') } }
    expect(reason(getter)).toBe('unknown kind of message')
  })
})

describe('callId', () => {
  it('reads only the id of a call', () => {
    expect(callId({ kind: 'call', id: 7 })).toBe(7)
    expect(callId({ kind: 'log', id: 7 })).toBeUndefined()
    expect(callId({ kind: 'call', id: '7' })).toBeUndefined()
    expect(callId(undefined)).toBeUndefined()
  })
})

describe('TokenBucket', () => {
  it('starts full, empties and fills with time', () => {
    const bucket = new TokenBucket(10, 3)
    expect([1, 2, 3, 4].map(() => bucket.take(0))).toEqual([true, true, true, false])
    expect(bucket.take(50)).toBe(false)
    expect(bucket.take(100)).toBe(true)
    // A clock that went back gives nothing.
    expect(bucket.take(0)).toBe(false)
    expect(bucket.take(100)).toBe(false)
    expect([1, 2, 3, 4].map(() => bucket.take(1e9))).toEqual([true, true, true, false])
  })
})

describe('Budget', () => {
  const log: FrameMessage = { kind: 'log', level: 'log', args: [] }

  it('lets an ordinary program pass for ever', () => {
    const budget = new Budget()
    for (let ms = 0; ms < 100_000; ms += 1000 / MESSAGES_PER_SECOND) expect(budget.arrive(ms)).toBe('pass')
  })

  it('drops a flood, then stops it', () => {
    const budget = new Budget()
    const verdicts = Array.from({ length: MESSAGES_BURST + MAX_DROPPED + 1 }, () => budget.arrive(0))
    expect(verdicts.filter((one) => one === 'pass')).toHaveLength(MESSAGES_BURST)
    expect(verdicts.filter((one) => one === 'drop')).toHaveLength(MAX_DROPPED)
    expect(verdicts.at(-1)).toBe('stop')
  })

  it('drops log lines that nobody can read, and counts them', () => {
    const budget = new Budget()
    for (let i = 0; i < LOGS_BURST; i++) expect(budget.accept(log, 10, 0)).toBe('pass')
    expect(budget.accept(log, 10, 0)).toBe('drop')
    expect([budget.takeDroppedLogs(), budget.takeDroppedLogs()]).toEqual([1, 0])
  })

  it('bounds bytes and waiting calls', () => {
    const budget = new Budget()
    const request = { kind: 'call', id: 1, name: 'request', args: {} } as const
    expect(budget.accept(request, BYTES_BURST, 0)).toBe('pass')
    expect(budget.accept(request, BYTES_BURST, 0)).toBe('drop')
    budget.outstanding = MAX_OUTSTANDING
    expect(budget.accept(request, 1, 1e9)).toBe('drop')
    expect(budget.accept({ kind: 'loaded' }, 1, 1e9)).toBe('pass')
  })

  it('stops a program that speaks another language', () => {
    const budget = new Budget()
    const verdicts = Array.from({ length: MAX_MALFORMED + 1 }, () => budget.refuse())
    expect(new Set(verdicts.slice(0, -1))).toEqual(new Set(['drop']))
    expect(verdicts.at(-1)).toBe('stop')
  })
})
