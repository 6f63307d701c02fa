import { describe, expect, it } from 'vitest'
import { Recent } from './recent'

describe('Recent', () => {
  it('keeps the latest and names those that must go', () => {
    const recent = new Recent<string>(3)
    expect(['a', 'b', 'c'].flatMap((one) => recent.push(one))).toEqual([])
    expect(recent.push('a')).toEqual([])
    expect(recent.all()).toEqual(['a', 'c', 'b'])
    expect(recent.push('d')).toEqual(['b'])
    recent.remove('c')
    expect(recent.all()).toEqual(['d', 'a'])
  })
})
