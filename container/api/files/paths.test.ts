import { describe, expect, it } from 'vitest'
import { extensionOf, fileName, isSavedPath, isUserPath, normalise, parentOf } from './paths'

describe('paths', () => {
  it.each([
    ['wxfile://usr', 'wxfile://usr'],
    ['wxfile://usr/', 'wxfile://usr'],
    ['wxfile://usr//a/./b/../c/', 'wxfile://usr/a/c'],
    ['wxfile://usr/../../a', 'wxfile://usr/a'],
    ['/a/b/', 'a/b'],
    ['http://tmp/x.png', 'http://tmp/x.png'],
  ])('normalise %s is %s', (path, expected) => {
    expect(normalise(path)).toBe(expected)
    expect(normalise(expected)).toBe(expected)
  })

  it('knows what belongs to the program', () => {
    expect(isUserPath('wxfile://usr/a')).toBe(true)
    expect(isUserPath('wxfile://usrx/a')).toBe(false)
    expect(isSavedPath('wxfile://store_1.png')).toBe(true)
  })

  it('takes paths apart', () => {
    expect(parentOf('wxfile://usr/a/b.txt')).toBe('wxfile://usr/a')
    expect(fileName('wxfile://usr/a/b.txt')).toBe('b.txt')
    expect(['a/B.PNG', 'https://a.b/c.jpg?x=1.gif', 'noext', '.hidden'].map(extensionOf)).toEqual([
      'png',
      'jpg',
      '',
      '',
    ])
  })
})
