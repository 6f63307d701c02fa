import { describe, expect, it } from 'vitest'
import {
  attempt, condemn, EMPTY, exhausted, forgetPrevious, isBad, stage, succeed, swap, unstage, used, withdraw, type Kept,
} from './shelf'

const version = (code: number): Kept => ({
  code, version: `1.${code}.0`, manifest: `m${code}`, archives: [`a${code}`],
})

describe('shelf', () => {
  it('keeps two versions and the one that waits', () => {
    let shelf = swap(stage(EMPTY, version(1)))
    expect(shelf).toEqual({ current: version(1), bad: {}, attempts: 0 })
    shelf = stage(shelf, version(2))
    expect(used(shelf)).toEqual(['m1', 'a1', 'm2', 'a2'])
    shelf = swap(shelf)
    expect(shelf).toMatchObject({ current: version(2), previous: version(1) })
    shelf = swap(stage(shelf, version(3)))
    expect(shelf).toMatchObject({ current: version(3), previous: version(2) })
    expect(used(shelf)).toEqual(['m3', 'a3', 'm2', 'a2'])
    expect(used(forgetPrevious(shelf))).toEqual(['m3', 'a3'])
  })

  it('does nothing without a waiting version, and stages the current one as none', () => {
    const shelf = swap(stage(EMPTY, version(1)))
    expect(swap(shelf)).toBe(shelf)
    expect(stage(stage(shelf, version(2)), version(1)).next).toBeUndefined()
    expect(unstage(stage(shelf, version(2)))).toEqual(shelf)
  })

  it('takes the second failed start in a row for bad and goes back', () => {
    let shelf = swap(stage(swap(stage(EMPTY, version(1))), version(2)))
    shelf = attempt(shelf)
    expect(exhausted(shelf)).toBe(false)
    shelf = attempt(shelf)
    expect(exhausted(shelf)).toBe(true)
    shelf = condemn(shelf, 'TypeError')
    expect(shelf).toEqual({ current: version(1), bad: { 2: 'TypeError' }, attempts: 0 })
    expect(isBad(shelf, 2)).toBe(true)
    expect(isBad(shelf, 1)).toBe(false)
  })

  it('counts failures in a row only, and not those who left', () => {
    let shelf = attempt(swap(stage(EMPTY, version(1))))
    shelf = attempt(succeed(shelf))
    expect(exhausted(shelf)).toBe(false)
    shelf = attempt(withdraw(shelf))
    expect(exhausted(shelf)).toBe(false)
  })

  it('has nothing left when the only version is bad, and can stage another', () => {
    const shelf = condemn(swap(stage(EMPTY, version(1))), 'x')
    expect(shelf).toEqual({ bad: { 1: 'x' }, attempts: 0 })
    expect(swap(stage(shelf, version(2)))).toMatchObject({ current: version(2) })
  })

  it('going back leaves no way to the version that is left', () => {
    const two = swap(stage(swap(stage(EMPTY, version(1))), version(2)))
    const back = swap(stage(two, version(1)))
    expect(back.current).toEqual(version(1))
    expect(back.previous).toBeUndefined()
  })

  it('a bad version that was current is not a way back either', () => {
    const two = swap(stage(swap(stage(EMPTY, version(1))), version(2)))
    const bad = condemn(stage(two, version(3)), 'x')
    expect(bad).toMatchObject({ current: version(1), next: version(3) })
    expect(swap(bad)).toMatchObject({ current: version(3), previous: version(1) })
  })

  it('prototype names are no bad codes', () => {
    expect(isBad(EMPTY, 'constructor' as unknown as number)).toBe(false)
  })
})
