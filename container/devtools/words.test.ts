import { describe, expect, it } from 'vitest'
import { speaker } from './words'

describe('speaker', () => {
  it('speaks the browser’s language', () => {
    expect(speaker('zh-TW')('failed', { count: 2 })).toBe('2 个错误')
    expect(speaker('de')('failed', { count: 2 })).toBe('2 errors')
  })
})
