import { describe, expect, it } from 'vitest'
import { type Context, evaluate } from './evaluation'
import { parseRule, RuleError } from './rules'

const EVERYONE = { everyone: true }
const here: Context = {
  city: '杭州', device_model: 'iPhone 14 Pro', app_version: 'v2.10.0-beta.1', os_version: 'latest',
  tags: new Set(['beta', 'vip']), lists: new Set(['staff']),
}
const holds = (rule: unknown, context = here): boolean => evaluate(parseRule(rule), context)
const on = (attribute: string, operator: string, ...values: string[]): unknown =>
  ['equals', '=', '!=', '>', '>=', '<', '<='].includes(operator)
    ? { attribute, operator, value: values[0] }
    : { attribute, operator, values }
const fault = (value: unknown): string => {
  try {
    parseRule(value)
  } catch (error) {
    return error instanceof RuleError ? error.path || 'rule' : String(error)
  }
  return 'none'
}
const twenty = Array.from({ length: 20 }, (_, i) => `^${i}`)
const nested = (depth: number): unknown => (depth === 1 ? EVERYONE : { not: nested(depth - 1) })

describe('rules hold', () => {
  it.each<[attribute: string, operator: string, holding: string[], failing: string[]]>([
    ['device_model', 'equals', ['iPhone 14 Pro'], ['iphone 14 pro']],
    ['device_model', 'one_of', ['a', 'iPhone 14 Pro'], ['a', 'iPhone 14']],
    ['device_model', 'not_one_of', ['a', 'iPhone 14'], ['a', 'iPhone 14 Pro']],
    ['device_model', 'prefix', ['a', 'iPhone'], ['Pro']],
    ['device_model', 'suffix', ['a', 'Pro'], ['iPhone']],
    ['device_model', 'contains', ['x', '14'], ['x', '15']],
    ['device_model', 'matches', ['^x', '\\d\\d'], ['^x', '\\d{3}']],
    ['app_version', '=', ['2.10-beta.1'], ['2.10']],
    ['app_version', '!=', ['2.10'], ['2.10.0.0-beta.1']],
    ['app_version', '>', ['2.9'], ['2.10-beta.1']],
    ['app_version', '>=', ['2.10-beta.1'], ['2.10']],
    ['app_version', '<', ['2.10'], ['2.10-beta.1']],
    ['app_version', '<=', ['2.10-beta.1'], ['2.10-beta']],
    ['app_version', 'one_of', ['1', '2.10-beta.1'], ['1', '2.10']],
    ['app_version', 'not_one_of', ['1', '2.10'], ['1', '2.10-beta.1']],
    ['tags', 'has_any', ['x', 'vip'], ['x']],
    ['tags', 'has_all', ['vip', 'beta'], ['vip', 'x']],
    ['tags', 'has_none', ['x', 'y'], ['x', 'vip']],
  ])('%s %s %j, not %j', (attribute, operator, holding, failing) => {
    expect(holds(on(attribute, operator, ...holding))).toBe(true)
    expect(holds(on(attribute, operator, ...failing))).toBe(false)
  })

  it('within ranges', () => {
    const inside = (version: string): string[] =>
      ['[)', '[]', '(]', '()'].filter((bounds) =>
        holds({ attribute: 'app_version', operator: 'in_range', from: '2', to: '3', bounds }, { app_version: version }))
    expect(inside('2.0')).toEqual(['[)', '[]'])
    expect(inside('2.5')).toEqual(['[)', '[]', '(]', '()'])
    expect(inside('3')).toEqual(['[]', '(]'])
    expect(inside('3.1')).toEqual([])
    const plain = { attribute: 'app_version', operator: 'in_range', from: '2', to: '3' }
    expect([holds(plain, { app_version: '2' }), holds(plain, { app_version: '3' })]).toEqual([true, false])
  })

  it('together', () => {
    const nobody = { not: EVERYONE }
    const pairs = [[EVERYONE, EVERYONE], [EVERYONE, nobody], [nobody, nobody]]
    expect(pairs.map((all) => holds({ all }))).toEqual([true, false, false])
    expect(pairs.map((any) => holds({ any }))).toEqual([true, true, false])
  })

  it('for lists by set or function', () => {
    expect([holds({ list: 'staff' }), holds({ list: 'x' }), holds({ list: 'x' }, {})]).toEqual([true, false, false])
    expect(holds({ list: 'x' }, { lists: (id) => id === 'x' })).toBe(true)
  })

  it('never for what is not known', () => {
    for (const operator of ['equals', 'one_of', 'not_one_of', 'prefix', 'suffix', 'contains', 'matches']) {
      expect(holds(on('channel', operator, 'a'))).toBe(false)
      expect(holds({ not: on('channel', operator, 'a') })).toBe(true)
    }
    for (const operator of ['=', '!=', '>', '>=', '<', '<=', 'one_of', 'not_one_of']) {
      expect(holds(on('os_version', operator, '1'))).toBe(false)
      expect(holds(on('container_version', operator, '1'))).toBe(false)
    }
    expect(holds(on('tags', 'has_none', 'a'), {})).toBe(true)
    expect(holds(on('tags', 'has_any', 'a'), {})).toBe(false)
  })

  it('not for what a context inherits or what is no string', () => {
    expect(holds(on('city', 'equals', 'a'), Object.create({ city: 'a' }) as Context)).toBe(false)
    expect(holds(on('city', 'not_one_of', 'a'), { city: 5 } as unknown as Context)).toBe(false)
    expect(holds(on('city', 'equals', 'toString'), Object.create(null) as Context)).toBe(false)
  })
})

describe('rules are refused', () => {
  it.each<[string, unknown]>([
    ['rule', null], ['rule', []], ['rule', 'x'], ['rule', {}], ['rule', Object.create({ everyone: true })],
    ['rule', { all: [EVERYONE], any: [EVERYONE] }],
    ['note', { everyone: true, note: 1 }], ['__proto__', JSON.parse('{"everyone":true,"__proto__":{}}')],
    ['everyone', { everyone: 1 }], ['all', { all: [] }], ['any', { any: EVERYONE }], ['all[1]', { all: [EVERYONE, 1] }],
    ['list', { list: 'a b' }], ['list', { list: '' }], ['list', { list: 'a'.repeat(65) }], ['list', { list: 'a\n' }],
    ['attribute', { attribute: 'constructor', operator: 'equals', value: 'a' }],
    ['attribute', { attribute: ['city'], operator: 'equals', value: 'a' }],
    ['operator', { attribute: 'city' }], ['operator', on('city', '>=', '1')], ['operator', on('tags', 'one_of', '1')],
    ['operator', on('app_version', 'prefix', '1')], ['operator', on('city', 'toString', 'a')],
    ['values', { attribute: 'city', operator: 'equals', values: ['a'] }],
    ['value', { attribute: 'city', operator: 'equals' }], ['values', on('city', 'one_of')],
    ['values', on('city', 'one_of', ...Array<string>(1001).fill('a'))],
    ['values[1]', on('city', 'one_of', 'a', '')], ['values[0]', { attribute: 'city', operator: 'one_of', values: [1] }],
    ['values[0]', on('city', 'one_of', 'a'.repeat(257))], ['values[0]', on('city', 'one_of', '\ud83d')],
    ['values[0]', on('city', 'one_of', 'a\u0085')], ['values[1]', on('city', 'matches', 'a', '(')],
    ['values[0]', on('app_version', '>', '1.x')],
    ['from', { attribute: 'app_version', operator: 'in_range', to: '2' }],
    ['to', { attribute: 'app_version', operator: 'in_range', from: '2', to: '2.0' }],
    ['bounds', { attribute: 'app_version', operator: 'in_range', from: '1', to: '2', bounds: '[' }],
    ['value', { attribute: 'app_version', operator: 'in_range', from: '1', to: '2', value: '2' }],
    [Array(16).fill('not').join('.'), nested(17)], ['rule', { any: Array(500).fill(EVERYONE) }],
    ['any[1].values[0]', { any: [on('city', 'matches', ...twenty), on('city', 'matches', 'a')] }],
    ['values[4]', on('city', 'matches', ...Array.from({ length: 5 }, (_, i) => `^.{204}${i}`))],
    ['rule', { any: Array.from({ length: 257 }, () => on('city', 'equals', 'a'.repeat(256))) }],
  ])('at %s', (path, value) => {
    expect(fault(value)).toBe(path)
  })

  it('not below their limits', () => {
    const good = [
      nested(16), { any: Array(499).fill(EVERYONE) }, on('city', 'one_of', ...Array<string>(1000).fill('a')),
      on('city', 'equals', '😀'.repeat(256)), { list: 'a'.repeat(64) },
      { any: Array.from({ length: 256 }, () => on('city', 'equals', 'a'.repeat(256))) },
      on('city', 'matches', ...twenty), on('city', 'matches', 'a{256}', 'b{256}', 'c{256}', 'd{256}'),
    ]
    expect(good.map(fault)).toEqual(good.map(() => 'none'))
  })
})
