/** What both languages must answer: the vectors that the Python tests read too. */
import { describe, expect, it } from 'vitest'
import vectors from '../../../tests/base/targeting/vectors_v1.json'
import { bucket, inRange, inShare } from './bucketing-v1'
import { verifyMembership } from './merkle-list-v1'
import { checkPattern, compilePatterns } from './patterns'
import { PatternError } from './pattern-syntax'
import { compareVersions, parseVersion } from './versions'

describe('buckets', () => {
  it.each(vectors.buckets)('of $salt:$device', ({ salt, device, bucket: expected }) => {
    expect(bucket(salt, device)).toBe(expected)
  })
  it('replace what is not Unicode', () => {
    expect(bucket('s', 'a\ud800b')).toBe(bucket('s', 'a\ufffdb'))
    expect(bucket('s', '\udc00\ud800')).toBe(bucket('s', '\ufffd\ufffd'))
  })
  it.each(vectors.shares)('$bucket in $share is $in', ({ bucket: number, share, in: expected }) => {
    expect(inShare(number, share)).toBe(expected)
  })
  it.each(vectors.ranges)('$bucket in $low to $high is $in', ({ bucket: number, low, high, in: expected }) => {
    expect(inRange(number, low, high)).toBe(expected)
  })
  it('refuses shares that are none', () => {
    for (const share of [-1, 10_001, NaN]) expect(() => inShare(0, share)).toThrow(RangeError)
    for (const [low, high] of [[-1, 5], [5, 10_001], [6, 5]] as const) {
      expect(() => inRange(0, low, high)).toThrow(RangeError)
    }
  })
})

describe('versions', () => {
  const rising = vectors.versions.rising.map((text) => parseVersion(text)!)
  it('are in order', () => {
    for (const [i, one] of rising.entries()) {
      for (const [j, two] of rising.entries()) {
        expect(Math.sign(compareVersions(one, two))).toBe(Math.sign(i - j))
      }
    }
  })
  it.each(vectors.versions.equal.map((texts) => [texts]))('%j are the same', (texts) => {
    const [first, ...others] = texts.map((text) => parseVersion(text)!)
    for (const other of others) expect(compareVersions(first!, other)).toBe(0)
  })
  it.each(vectors.versions.unreadable)('%j is none', (text) => {
    expect(parseVersion(text)).toBeUndefined()
  })
})

describe('patterns', () => {
  it.each(vectors.patterns.match)('$pattern', ({ pattern, yes, no }) => {
    checkPattern(pattern)
    const matches = compilePatterns([pattern])
    expect(yes.filter((text) => !matches(text))).toEqual([])
    expect(no.filter((text) => matches(text))).toEqual([])
  })
  it('take half a character for one', () => {
    expect(compilePatterns(['^a.c$'])('a\ud800c')).toBe(true)
    expect(compilePatterns(['[😀-😂]'])('\ud83d')).toBe(false)
  })
  it.each(vectors.patterns.refused)('%s is refused', (pattern) => {
    expect(() => checkPattern(pattern)).toThrow(PatternError)
  })
})

describe('lists', () => {
  it.each(vectors.lists)('of $ids', ({ root, ids, salt, member, index, path }) => {
    expect(verifyMembership(root, ids, salt, member, { index, path })).toBe(true)
    expect(verifyMembership(root, ids, salt, `${member}x`, { index, path })).toBe(false)
    expect(verifyMembership(root, ids, `${salt}x`, member, { index, path })).toBe(false)
    expect(verifyMembership(root, ids, salt, member, { index: index + 1, path })).toBe(false)
    expect(verifyMembership(root, ids, salt, member, { index, path: [...path, root] })).toBe(false)
    if (path.length > 0) {
      expect(verifyMembership(root, ids, salt, member, { index, path: path.slice(1) })).toBe(false)
      expect(verifyMembership(root, ids, salt, member, { index, path: path.slice(0, -1) })).toBe(false)
    }
  })
  it('takes nothing malformed', () => {
    const { root, ids, salt, member, index, path } = vectors.lists[4]!
    const malformed: unknown[] = [
      undefined, null, 'proof', {}, { index }, { path }, { index, path: 'ab' }, { index: -1, path },
      { index: index + 0.5, path }, { index: String(index), path },
      { index, path: path.map((one) => one.toUpperCase()) },
      { index, path: path.map((one) => `${one}\n`) }, { index, path: path.map(() => null) },
      { index, path: Array.from({ length: 100 }, () => root) },
    ]
    for (const proof of malformed) {
      expect(verifyMembership(root, ids, salt, member, proof as { index: number; path: string[] })).toBe(false)
    }
    for (const size of [0, -1, NaN, Infinity, 2 ** 60, ids + 0.5]) {
      expect(verifyMembership(root, size, salt, member, { index, path })).toBe(false)
    }
  })
  it('walks long ways', () => {
    const path = Array.from({ length: 40 }, () => vectors.lists[0]!.root)
    expect(verifyMembership('0'.repeat(64), 2 ** 40, 's', 'a', { index: 2 ** 39 + 1, path })).toBe(false)
  })
})
