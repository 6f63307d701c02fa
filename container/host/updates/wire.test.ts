import { describe, expect, it } from 'vitest'
import { parseAnswer, WireError } from './wire'

const program = { key: 'bank', code: 10300, version: '1.3.0', action: 'install', release: 'r1' }

describe('parseAnswer', () => {
  it('reads an answer', () => {
    expect(parseAnswer({ interval: 60, timestamp: 3, programs: [program] })).toEqual({
      interval: 60, timestamp: 3, programs: [{ ...program, proofs: [] }],
    })
    expect(parseAnswer({ interval: 60, timestamp: 3 }).programs).toEqual([])
  })

  it('reads proofs and nulls', () => {
    const proofs = [{ list: 'l', index: 0, size: 1, path: ['ab'] }]
    const answer = parseAnswer({
      interval: 1, timestamp: 0, programs: [{ ...program, code: null, version: null, release: null, action: 'remove', proofs }],
    })
    expect(answer.programs).toEqual([
      { key: 'bank', code: undefined, version: '', action: 'remove', release: undefined, proofs },
    ])
  })

  it.each([
    null, [], 'x', {}, { interval: -1, timestamp: 0 }, { interval: 1.5, timestamp: 0 }, { interval: 1, timestamp: '0' },
    { interval: 1, timestamp: 0, programs: {} }, { interval: 1, timestamp: 0, programs: [null] },
    { interval: 1, timestamp: 0, programs: [{ ...program, action: 'explode' }] },
    { interval: 1, timestamp: 0, programs: [{ ...program, code: 1e20 }] },
    { interval: 1, timestamp: 0, programs: [{ ...program, key: 'k'.repeat(2000) }] },
    { interval: 1, timestamp: 0, programs: [{ ...program, proofs: [{ list: 'l', index: 0, size: 1, path: Array(65).fill('') }] }] },
    Object.create({ interval: 1, timestamp: 0 }),
  ])('refuses %j', (value) => { expect(() => parseAnswer(value)).toThrow(WireError) })
})
