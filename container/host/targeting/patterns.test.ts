import { describe, expect, it } from 'vitest'
import { compilePatterns, Matcher } from './patterns'

/** A small generator (mulberry32): the same examples on every run. */
function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

const ATOMS = ['a', 'b', 'c', '.', '\\d', '\\w', '[ab]', '[^a]', '[a-c1]', '\\.', 'é', '😀', '^', '$']
const QUANTIFIERS = ['', '', '', '*', '+', '?', '{2}', '{1,}', '{0,2}', '{1,3}']
const CHARACTERS = [...'abc1.é😀\n']

describe('patterns', () => {
  it('mean what the page means by them', () => {
    const below = random(1)
    const pick = <T>(from: readonly T[]): T => from[below(from.length)]!
    const row = (depth: number): string =>
      Array.from({ length: 1 + below(3) }, () => {
        const atom = depth > 0 && below(4) === 0 ? `(${row(depth - 1)}|${row(depth - 1)})` : pick(ATOMS)
        return atom === '^' || atom === '$' ? atom : atom + pick(QUANTIFIERS)
      }).join('')
    let matched = 0
    for (let i = 0; i < 3000; i++) {
      const pattern = row(1)
      const matches = compilePatterns([pattern])
      const regexp = new RegExp(pattern, 'us')
      for (let j = 0; j < 5; j++) {
        const text = Array.from({ length: below(8) }, () => pick(CHARACTERS)).join('')
        expect([pattern, text, matches(text)]).toEqual([pattern, text, regexp.test(text)])
        matched += Number(matches(text))
      }
    }
    expect(matched).toBeGreaterThan(3000)
    expect(matched).toBeLessThan(12_000)
  })

  it('are any of several', () => {
    const matches = compilePatterns(['^a', 'b$', '^.{3}$'])
    expect(['ax', 'xb', 'xyz', 'xy', 'xaby', ''].map(matches)).toEqual([true, true, true, false, false, false])
    expect(compilePatterns([])('a')).toBe(false)
  })

  it('end at once on what makes others backtrack', () => {
    for (const evil of ['(a*)*b', '(a|a)*b', '(a|aa)+$', 'a*a*a*a*a*a*b', '(.*)(.*)(.*)(.*)x', '(a?){20}a{20}b']) {
      expect(new Matcher([evil]).search(`${'a'.repeat(255)}!`)).toBe(false)
    }
  })

  it('forget states without forgetting the answer', () => {
    // 13 pairs of places each: subsets without end
    const pattern = '^(?:.*a.{12}|.*b.{11})$'
    const matcher = new Matcher([pattern])
    const regexp = new RegExp(pattern, 'us')
    const below = random(2)
    for (let i = 0; i < 400; i++) {
      const text = Array.from({ length: 100 }, () => 'abc'[below(3)]).join('')
      expect(matcher.search(text)).toBe(regexp.test(text))
    }
  })
})
