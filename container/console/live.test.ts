import { describe, expect, it, vi } from 'vitest'

vi.mock('idiomorph', () => ({ Idiomorph: {} }))
const { isStale } = await import('./live')

describe('a region', () => {
  it('is stale when one of its topics changed', () => {
    expect(isStale('release:1 programs', ['keys', 'programs'])).toBe(true)
    expect(isStale('release:1', ['release:12', 'release'])).toBe(false)
    expect(isStale('release:1', [])).toBe(false)
  })

  it('is stale when everything may have changed', () => {
    expect(isStale('release:1', ['*'])).toBe(true)
  })
})
