import { describe, expect, it } from 'vitest'
import type { Call, Reply } from '../../bridge/messages'
import { addressPattern } from './addresses'
import { askedBy } from './asked'
import { Guarded } from './guarded'
import { Masks } from './masks'
import { cut, errorParts, lineOf, propsOf } from './text'

describe('addressPattern', () => {
  it.each([
    ['https://api.example.com/users/17/orders?q=secret#x', 'api.example.com', '/users/{id}/orders'],
    ['https://user:pass@api.example.com:8443/a', 'api.example.com:8443', '/a'],
    ['https://h/v1/2f6c1d0e9ab84c77', 'h', '/v1/{id}'],
    ['https://h/v2/0b9c1d2e-0000-4000-8000-00000000000a/x', 'h', '/v2/{id}/x'],
    ['https://h/a-segment-of-more-than-twenty', 'h', '/{id}'],
    ['https://h/feedface/facade', 'h', '/feedface/facade'],
    ['https://h', 'h', '/'],
    ['not an address', '', ''],
  ])('%s', (url, host, pattern) => { expect(addressPattern(url)).toEqual({ host, pattern }) })

  it('is bounded', () => {
    const { pattern } = addressPattern(`https://h/${'abc/'.repeat(500)}`)
    expect(pattern.split('/').length).toBeLessThanOrEqual(12)
  })
})

describe('askedBy', () => {
  const call = (args: Call['args'], name = 'request'): Call => ({ kind: 'call', id: 1, name, args })
  const reply = (fields: Partial<Reply>): Reply => ({ kind: 'reply', id: 1, ...fields })

  it('tells sizes and outcome, and nothing of what was said', () => {
    const asked = askedBy(
      call({ taskId: 1, url: 'https://h/a?q=1', method: 'post', body: 'secret' }),
      reply({ value: { statusCode: 201, data: new ArrayBuffer(9) } }), 12.5,
    )
    expect(asked).toEqual({ url: 'https://h/a?q=1', method: 'POST', status: 201, up: 6, down: 9, ms: 12.5 })
  })

  it('tells why there was no answer', () => {
    expect(askedBy(call({ taskId: 1, url: 'https://h/' }), reply({ error: { reason: 'timeout' } }), 1))
      .toMatchObject({ status: 0, failure: 'timeout', method: 'GET' })
  })

  it('is silent about other calls, and pictures of components', () => {
    expect(askedBy(call({ taskId: 1, url: 'wss://h/' }, 'socketConnect'), reply({}), 1)).toBeUndefined()
    expect(askedBy(call({ url: 'https://h/a.png' }, 'downloadFile'), reply({}), 1)).toBeUndefined()
    expect(askedBy(call({ taskId: 1, url: 5 }), reply({}), 1)).toBeUndefined()
    expect(askedBy(call({ taskId: 1, url: 'https://h/' }, 'constructor'), reply({}), 1)).toBeUndefined()
  })
})

describe('Masks', () => {
  it('blots out what they find, wherever it stands', () => {
    const masks = new Masks(['\\d{11}', '[\\w.]+@[\\w.]+'])
    expect(masks.record({
      type: 'error', id: '12345678901', message: 'call 13800138000', list: ['a@b.cn', 5, null], deep: { text: '13800138000' },
    })).toEqual({ type: 'error', id: '12345678901', message: 'call ***', list: ['***', 5, null], deep: { text: '***' } })
  })

  it('finds what a program gives as a number, or under a name of ours', () => {
    expect(new Masks(['\\d{11}']).record({
      type: 'event', at: 17900000000000, value: 13800138000, props: { phone: 13800138000, sum: 5, id: '13800138000', list: [13800138000] },
    })).toEqual({
      type: 'event', at: 17900000000000, value: 13800138000, props: { phone: '***', sum: 5, id: '***', list: ['***'] },
    })
  })

  it('leaves out a pattern that is none', () => {
    expect(new Masks(['(', 'b+']).text('abbc')).toBe('a***c')
  })

  it('changes nothing without patterns', () => {
    const value = { a: ['x'] }
    expect(new Masks([]).record(value)).toBe(value)
  })
})

describe('texts', () => {
  it('flatten and bound what programs give', () => {
    expect(propsOf({ a: 1, b: 'x', c: true, d: { e: [1] }, f: null, g: 'y'.repeat(2000), h: NaN } as never)).toEqual({
      a: 1, b: 'x', c: true, d: '{"e":[1]}', f: null, g: `${'y'.repeat(1000)}…`, h: 'NaN',
    })
    expect(propsOf('plain')).toEqual({ value: 'plain' })
    expect(propsOf([1, 2])).toEqual({ value: '[1,2]' })
    expect(propsOf(undefined)).toEqual({})
    expect(Object.keys(propsOf(Object.fromEntries(Array.from({ length: 80 }, (_, n) => [`k${n}`, n]))))).toHaveLength(50)
  })

  it('take an error apart', () => {
    expect(errorParts('TypeError: x is\nnot', 'Error')).toEqual({ type: 'TypeError', message: 'x is\nnot' })
    expect(errorParts('request:fail timeout', 'UnhandledRejection'))
      .toEqual({ type: 'UnhandledRejection', message: 'request:fail timeout' })
    expect(errorParts('note: a thing', 'Error')).toEqual({ type: 'Error', message: 'note: a thing' })
  })

  it('join a line', () => {
    expect(lineOf(['a', 1, { b: 2 }, undefined], 100)).toBe('a 1 {"b":2} undefined')
    expect(cut('abcdef', 3)).toBe('abc…')
  })
})

describe('Guarded', () => {
  it('catches, counts the time, and is silent after too many faults', () => {
    const told: unknown[] = []
    let now = 0
    const guarded = new Guarded((error) => told.push(error), () => (now += 5))
    expect(guarded.run(() => 7)).toBe(7)
    expect(guarded.spent).toBe(5)
    for (let n = 0; n < 25; n++) expect(guarded.run(() => { throw new Error(String(n)) })).toBeUndefined()
    expect(guarded.silent).toBe(true)
    expect(told).toHaveLength(20)
    expect(guarded.run(() => 7)).toBeUndefined()
  })

  it('does so for promises', async () => {
    const told: unknown[] = []
    const guarded = new Guarded((error) => told.push(error))
    await guarded.wait(() => Promise.reject(new Error('x')))
    expect(told).toHaveLength(1)
  })
})
