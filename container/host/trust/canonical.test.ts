import { describe, expect, it } from 'vitest'
import { canonicalJson } from './canonical'
import fixture from './fixtures/canonical.json'

const canonical = (value: unknown): string => new TextDecoder().decode(canonicalJson(value))

describe('canonicalJson', () => {
  it.each(fixture.vectors as [string, string][])('%s as securesystemslib has it', (json, expected) => {
    expect(canonical(JSON.parse(json))).toBe(expected)
  })

  it('does not depend on order, spacing or way of escaping', () => {
    const forms = ['{"a":1,"b":["x",{"d":null,"c":"é"}]}', ' { "b" : [ "x", {"c":"\\u00e9", "d":null} ],\n"a" : 1 } ']
    for (const form of forms) expect(canonical(JSON.parse(form))).toBe('{"a":1,"b":["x",{"c":"é","d":null}]}')
  })

  it('is its own canonical form', () => {
    for (const [json] of fixture.vectors as [string, string][]) {
      const once = canonical(JSON.parse(json))
      // what JSON would escape stays as it is, so only texts without such characters can be read back
      if (!/[\0-\x1f]/.test(once)) expect(canonical(JSON.parse(once))).toBe(once)
    }
  })

  it('tells apart what is different: every vector has a form of its own', () => {
    const values = (fixture.vectors as [string, string][]).map(([json]) => JSON.stringify(sorted(JSON.parse(json))))
    const forms = new Map(values.map((value, i) => [value, fixture.vectors[i]![1]!]))
    expect(new Set(forms.values()).size).toBe(forms.size)
  })

  it('keeps fields that have the names of prototypes', () => {
    expect(canonical(JSON.parse('{"toString":1,"__proto__":{"a":2}}'))).toBe('{"__proto__":{"a":2},"toString":1}')
  })

  it.each([
    ['a fraction', 1.5], ['a number that is not exact', 2 ** 53], ['no number', NaN], ['an endless one', Infinity],
    ['half of a pair', 'a\ud800'], ['the other half', ['\udc00']], ['half of a pair as a name', { '\ud800': 1 }],
    ['undefined', { a: undefined }], ['a gap in a list', new Array(1)], ['a function', () => 1], ['a bigint', 1n],
  ])('refuses %s', (_, value) => {
    expect(() => canonicalJson(value)).toThrow(TypeError)
  })

  it('refuses what is nested too deeply instead of running out of stack', () => {
    const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth))
    expect(canonical(nested(60))).toBe('['.repeat(60) + ']'.repeat(60))
    expect(() => canonicalJson(nested(100_000))).toThrow(/nested/)
  })
})

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => [key, sorted(one)])
}
