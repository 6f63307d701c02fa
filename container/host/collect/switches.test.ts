import { describe, expect, it } from 'vitest'
import { KINDS } from './records'
import { buckets, parsePull, parseSwitches, parseWorkspace } from './switches'

describe('parseWorkspace', () => {
  it('has a default for everything', () => {
    for (const nothing of [undefined, null, 7, [], { kinds: 'x', programs: 3, masks: {}, batch: 'many' }]) {
      const { usual, programs, revision } = parseWorkspace(nothing)
      expect(usual).toEqual({
        perMille: Object.fromEntries(KINDS.map((kind) => [kind, 1000])),
        batch: 50, seconds: 10, bytes: 512_000, consent: 'granted', tapText: false, masks: [],
      })
      expect({ programs, revision }).toEqual({ programs: {}, revision: 0 })
    }
  })

  it('takes a program\'s own switches before the usual ones', () => {
    const { usual, programs } = parseWorkspace({
      kinds: { tap: { on: true, per_mille: 50 }, log: { on: false, per_mille: 1000 } }, batch: 20, consent: 'ask',
      programs: {
        bank: { key: 'a'.repeat(32), pull: { id: 'p', from: 1, until: 2 } },
        shop: { key: 'b'.repeat(32), kinds: { tap: { on: true, per_mille: 7 } }, consent: 'denied', masks: ['\\d{6}'] },
        other: { key: 5 },
      },
    })
    expect(usual.perMille).toMatchObject({ tap: 50, log: 0, page: 1000 })
    expect(programs.bank).toEqual({ writeKey: 'a'.repeat(32), switches: usual, pull: { id: 'p', from: 1, until: 2 } })
    expect(programs.shop).toMatchObject({
      writeKey: 'b'.repeat(32),
      pull: undefined,
      switches: { consent: 'denied', batch: 20, masks: ['\\d{6}'], perMille: { tap: 7, log: 1000 } },
    })
    expect(Object.keys(programs)).toEqual(['bank', 'shop'])
  })

  it('keeps numbers within what a phone can do', () => {
    expect(parseSwitches({ batch: 0, seconds: 1e9, bytes: 1, kinds: { tap: { per_mille: 5000 } } }))
      .toMatchObject({ batch: 1, seconds: 3600, bytes: 10_000, perMille: { tap: 1000 } })
  })

  it('reads times of a pull as either', () => {
    expect(parsePull({ id: 'x', from: 5, until: '1970-01-01T00:00:01Z' })).toEqual({ id: 'x', from: 5, until: 1000 })
    expect(parsePull({ id: 'x', from: 'never' })).toEqual({ id: 'x', from: 0, until: Number.MAX_SAFE_INTEGER })
    expect(parsePull({ from: 5 })).toBeUndefined()
    expect(parsePull(null)).toBeUndefined()
  })
})

describe('buckets', () => {
  it('are what the server computes', async () => {
    // of Python's hashlib
    expect(await buckets('d41d8cd9')).toEqual({
      launch: 942, page: 49, tap: 799, error: 389, white_screen: 856, request: 328, set_data: 745, long_task: 41, event: 198, log: 850,
    })
  })

  it('spread devices evenly, and otherwise for every kind', async () => {
    const all = await Promise.all(Array.from({ length: 2000 }, (_, number) => buckets(`device ${number}`)))
    const share = all.filter(({ tap }) => tap < 100).length / all.length
    expect(share).toBeGreaterThan(0.07)
    expect(share).toBeLessThan(0.13)
    const both = all.filter(({ tap, request }) => tap < 500 && request < 500).length / all.length
    expect(both).toBeGreaterThan(0.2)
    expect(both).toBeLessThan(0.3)
  })
})
