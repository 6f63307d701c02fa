import { describe, expect, it } from 'vitest'
import { delegatedRole, matches, rolesFor } from './delegation'
import type { DelegatedRole, Delegations } from './metadata'

describe('matches', () => {
  it.each([
    ['apps/bank/*/*', 'apps/bank/10200/manifest.json', true],
    ['apps/bank/*/*', 'apps/bank/10200/sub/manifest.json', false],
    ['apps/bank/*/*', 'apps/banker/10200/manifest.json', false],
    ['apps/bank/*/*', 'apps/bank/10200', false],
    ['targets/*.tgz', 'targets/foo.tgz', true],
    ['targets/*.tgz', 'targets/foo.txt', false],
    ['foo-version-?.tgz', 'foo-version-2.tgz', true],
    ['foo-version-?.tgz', 'foo-version-alpha.tgz', false],
    ['*.tgz', 'targets/foo.tgz', false],
    ['foo.tgz', 'foo.tgz', true],
    ['foo.tgz', 'FOO.tgz', false],
    ['*', '', true], ['', '', true], ['?', '', false], ['*', 'a/b', false], ['a*', 'b', false],
    ['*a*b*', 'xaxxbx', true], ['*a*b*', 'xbxxax', false], ['a**', 'a', true], ['*ab', 'aab', true],
    ['a?', 'a😀', true], ['a.c', 'abc', false], ['[ab]', 'a', false], ['(a|b)', 'a', false], ['a\\*', 'a*', false],
    ['*', '*', true], ['/a', 'a', false],
  ])('%j with %j: %s', (pattern, path, expected) => {
    expect(matches(pattern, path)).toBe(expected)
  })

  it('has no pattern that takes for ever', () => {
    expect(matches(`${'*a'.repeat(1000)}b`, 'a'.repeat(5000))).toBe(false)
  })
})

const role = (name: string, more: Partial<DelegatedRole>): DelegatedRole =>
  ({ name, keyids: [], threshold: 1, terminating: false, paths: [], hashPrefixes: [], ...more })
const delegations = (...roles: DelegatedRole[]): Delegations => ({ keys: new Map(), roles, succinct: undefined })
const succinct = (bitLength: number): Delegations =>
  ({ keys: new Map(), roles: [], succinct: { bitLength, prefix: 'bin', keyids: ['k'], threshold: 1 } })
const names = (found: Delegations, path: string, hash = '00'): string[] =>
  rolesFor(found, path, hash).map(({ name }) => name)

describe('rolesFor', () => {
  it('keeps the order of the delegator', () => {
    const found = delegations(
      role('b', { paths: ['x', '*'] }), role('c', { paths: ['y'] }), role('a', { paths: ['*'] }),
    )
    expect(names(found, 'x')).toEqual(['b', 'a'])
    expect(names(found, 'y')).toEqual(['b', 'c', 'a'])
  })

  it('knows a path by the beginning of its hash', () => {
    const found = delegations(role('low', { hashPrefixes: ['0', '1f'] }), role('high', { hashPrefixes: ['f00'] }))
    expect(names(found, 'any', '0abc')).toEqual(['low'])
    expect(names(found, 'any', '1fbc')).toEqual(['low'])
    expect(names(found, 'any', '1ebc')).toEqual([])
    expect(names(found, 'any', 'f00d')).toEqual(['high'])
  })

  it('trusts a role without paths with nothing', () => {
    expect(names(delegations(role('none', {})), 'x')).toEqual([])
  })

  // TAP 15: the first bits of the hash are the number of the bin
  it.each([
    [1, '7fffffff', 'bin-0'], [1, '80000000', 'bin-1'], [3, 'ffffffff', 'bin-7'], [4, 'ffffffff', 'bin-f'],
    [5, 'ffffffff', 'bin-1f'], [5, '08000000', 'bin-01'], [8, 'ab000000', 'bin-ab'], [16, '00010000', 'bin-0001'],
    [32, 'fedcba98', 'bin-fedcba98'], [32, '00000001', 'bin-00000001'],
  ])('%i bits of %s: %s', (bits, hash, name) => {
    expect(rolesFor(succinct(bits), 'x', hash + '0'.repeat(56))).toEqual([{ name, terminating: true }])
    expect(delegatedRole(succinct(bits), name)?.keyids).toEqual(['k'])
  })
})

describe('delegatedRole', () => {
  it('finds a role by its name', () => {
    const found = delegations(role('a', { threshold: 2 }), role('b', {}))
    expect(delegatedRole(found, 'a')?.threshold).toBe(2)
    expect(delegatedRole(found, 'c')).toBeUndefined()
  })

  it.each(['bin-20', 'bin-1', 'bin-001', 'bin-0G', 'bin-', 'bin', 'bin_1f', 'other-1f', 'bin--1', 'bin-1F', 'bin-1fx'])(
    '%s is no bin of 32', (name) => {
      expect(delegatedRole(succinct(5), name)).toBeUndefined()
    })
})
