import { describe, expect, it } from 'vitest'
import { urlOf } from './pages'

describe('urlOf', () => {
  it('writes a page as a program does', () => {
    expect(urlOf({ route: 'pages/a', query: {} })).toBe('pages/a')
    expect(urlOf({ route: 'pages/a', query: { x: '1&2', 名: '值' } })).toBe(`pages/a?x=1%262&名=${encodeURIComponent('值')}`)
  })
})
