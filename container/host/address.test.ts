import { describe, expect, it } from 'vitest'
import { formatAddress, parseAddress } from './address'

describe('page addresses', () => {
  it.each([
    ['', { path: '', query: {} }],
    ['/pages/a/a', { path: 'pages/a/a', query: {} }],
    ['pages/a/a?x=1&y=&z&u=a=b', { path: 'pages/a/a', query: { x: '1', y: '', z: '', u: 'a=b' } }],
    ['pages/a/a?url=https%3A%2F%2Fa.b', { path: 'pages/a/a', query: { url: 'https%3A%2F%2Fa.b' } }],
  ])('%s', (address, expected) => {
    expect(parseAddress(address)).toEqual(expected)
    expect(parseAddress(formatAddress(expected))).toEqual(expected)
  })

  it('adds a query', () => {
    expect(parseAddress('a?x=1&y=2', { y: '3' })).toEqual({ path: 'a', query: { x: '1', y: '3' } })
  })
})
