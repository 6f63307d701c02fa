import { describe, expect, it } from 'vitest'
import { Ids } from './ids'
import { Session, SESSION_REST } from './sessions'

describe('Ids', () => {
  it('are sixteen hex digits, each once', () => {
    const ids = new Ids()
    const made = Array.from({ length: 5000 }, () => ids.next())
    expect(new Set(made).size).toBe(5000)
    for (const id of made) expect(id).toMatch(/^[0-9a-f]{16}$/)
  })
})

describe('Session', () => {
  const begin = (): Session => {
    let number = 0
    return new Session(() => `s${++number}`, 1000)
  }

  it('lasts while something happens', () => {
    const session = begin()
    let at = 1000
    for (let step = 0; step < 10; step++) expect(session.of(at += SESSION_REST, true)).toBe('s1')
  })

  it('ends after half an hour in which nothing happened', () => {
    const session = begin()
    expect(session.of(1000 + SESSION_REST, false)).toBe('s1')
    expect(session.of(1001 + SESSION_REST, false)).toBe('s2')
    expect(session.of(1002 + SESSION_REST, false)).toBe('s2')
  })

  it('is not kept alive by what the phone does by itself', () => {
    const session = begin()
    expect(session.of(1000 + SESSION_REST - 1, false)).toBe('s1')
    expect(session.of(1000 + SESSION_REST + 1, true)).toBe('s2')
  })

  it('does not go back with the clock', () => {
    const session = begin()
    expect(session.of(900_000, true)).toBe('s1')
    expect(session.of(10, true)).toBe('s1')
    expect(session.of(900_000 + SESSION_REST, false)).toBe('s1')
  })
})
