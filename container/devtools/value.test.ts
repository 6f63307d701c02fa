import { describe, expect, it } from 'vitest'
import { preview } from './value'

describe('preview', () => {
  it('is one line of bounded length', () => {
    expect(preview({ a: 1, b: 'x', c: [1, 2], d: { e: 1 }, f: null, g: undefined })).toBe('{a: 1, b: "x", c: [2], d: {…}, f: null, g: undefined}')
    expect(preview(['a', false])).toBe('["a", false]')
    expect(preview(Array.from({ length: 1000 }, (_, index) => index)).length).toBeLessThan(100)
    expect(preview('x'.repeat(500)).length).toBeLessThan(70)
  })
})
