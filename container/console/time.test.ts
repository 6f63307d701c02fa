import { describe, expect, it } from 'vitest'
import { relative, written } from './time'

describe('a distance in time', () => {
  it.each([
    [-5, '5 seconds ago', '5秒钟前'],
    [0, 'now', '现在'],
    [-59.9, '59 seconds ago', '59秒钟前'],
    [-60, '1 minute ago', '1分钟前'],
    [-7199, '1 hour ago', '1小时前'],
    [-86_400, 'yesterday', '昨天'],
    [3 * 86_400, 'in 3 days', '3天后'],
  ])('%d seconds', (seconds, english, chinese) => {
    expect(relative(seconds, 'en')).toBe(english)
    expect(relative(seconds, 'zh-CN')).toBe(chinese)
  })

  it('is a date when it is far away', () => {
    const now = Date.UTC(2026, 10, 20)
    expect(relative(-15 * 86_400, 'en')).toBeUndefined()
    expect(written(new Date(Date.UTC(2026, 5, 1, 12)), 'relative', 'en', now)).toContain('Jun 1, 2026')
    expect(written(new Date(Date.UTC(2026, 5, 1, 12)), 'date', 'zh-CN', now)).toBe('2026年6月1日')
    expect(written(new Date(2026, 5, 1, 12, 3, 4), 'clock', 'zh-CN', now)).toBe('12:03:04')
  })
})
