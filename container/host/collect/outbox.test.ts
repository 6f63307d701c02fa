import { describe, expect, it } from 'vitest'
import { MemoryValues } from '../store/values'
import { MAX_PIECE, Outbox, type Piece } from './outbox'
import type { Head } from './records'

const head = (version = '1.0.0', user?: string): Head =>
  ({ device: 'd', ...(user && { user }), context: {}, program: { version, code: 1 } })

const BOUNDS = { batch: 3, patience: 10_000, bytes: 512_000 }

function setUp(values = new MemoryValues(), owner = 'me', bounds: (program?: string) => typeof BOUNDS = () => BOUNDS) {
  const clock = { now: 1000 }
  let number = 0
  const outbox = new Outbox({
    values: Promise.resolve(values), owner, bounds, now: () => clock.now, uuid: () => `${owner}-${++number}`,
  })
  const usual = head()
  const add = (line: string, program = 'bank', said = usual): void => outbox.add(program, said, line)
  const lines = (pieces: readonly Piece[] = outbox.sealed): string[][] => pieces.map(({ lines: one }) => one)
  return { outbox, values, clock, add, lines }
}

describe('Outbox', () => {
  it('completes a batch when it is full, or old enough', () => {
    const { outbox, clock, add, lines } = setUp()
    expect(outbox.due).toBeUndefined()
    for (const line of ['a', 'b', 'c', 'd']) add(line)
    expect(lines()).toEqual([['a', 'b', 'c']])
    expect(outbox.due).toBe(11_000)
    clock.now = 10_999
    outbox.close()
    expect(lines()).toHaveLength(1)
    clock.now = 11_000
    outbox.close()
    expect(lines()).toEqual([['a', 'b', 'c'], ['d']])
    expect(outbox.due).toBeUndefined()
  })

  it('completes a batch with a record that is the last', () => {
    const { outbox, lines } = setUp()
    const said = head()
    outbox.add('bank', said, 'a')
    outbox.add('shop', said, 'b')
    outbox.add('bank', said, 'c', true)
    expect(lines()).toEqual([['a', 'c']])
  })

  it('completes what was begun before the clock was set back', () => {
    const { outbox, clock, add, lines } = setUp()
    clock.now = 5_000_000
    add('a')
    clock.now = 1000
    outbox.close()
    expect(lines()).toEqual([['a']])
  })

  it('is due when the first of several programs is', () => {
    const { outbox, clock } = setUp(undefined, undefined, (program) => ({
      batch: 3, patience: program === 'shop' ? 500 : 10_000, bytes: 512_000,
    }))
    const said = head()
    outbox.add('bank', said, 'a')
    clock.now = 2000
    outbox.add('shop', said, 'b')
    expect(outbox.due).toBe(2500)
  })

  it('has a batch for every program, version and person', () => {
    const { outbox, add, lines } = setUp()
    add('a')
    add('b', 'shop')
    add('c')
    add('d', 'bank', head('1.0.0', 'u1'))
    outbox.close(true)
    expect(lines()).toEqual([['a', 'c'], ['b'], ['d']])
  })

  it('begins another batch after a long sleep, and before one is too large', () => {
    const { outbox, clock, add, lines } = setUp()
    add('a')
    clock.now += 10_001
    add('b')
    expect(lines()).toEqual([['a']])
    add('x'.repeat(MAX_PIECE))
    expect(lines()).toHaveLength(2)
    outbox.close(true)
    expect(lines().map((one) => one.length)).toEqual([1, 1, 1])
  })

  it('drops the oldest when too much waits, and counts', () => {
    const { outbox, add, lines } = setUp(undefined, undefined, () => ({ batch: 2, patience: 10_000, bytes: 100 }))
    for (let n = 0; n < 10; n++) add(`${n}`.repeat(20))
    expect(lines().flat().map(([first]) => first)).toEqual(['6', '7', '8', '9'])
    expect(outbox.waiting).toBeLessThanOrEqual(100)
    expect(outbox.takeDrops('bank')).toEqual({ size: 6 })
    expect(outbox.takeDrops('bank')).toEqual({})
  })

  it('goes on after a restart with the same batches', async () => {
    const { outbox, values, add } = setUp()
    for (const line of ['a', 'b', 'c', 'd']) add(line)
    outbox.drop('bank', 'rate', 5)
    await outbox.save()
    const next = setUp(values, 'next')
    next.clock.now = 2000
    next.add('e')
    await next.outbox.adopt(() => false)
    next.outbox.close(true)
    expect(next.outbox.sealed.map(({ id, owner }) => [id, owner])).toEqual([['me-1', 'next'], ['me-2', 'next'], ['next-1', 'next']])
    expect(next.lines()).toEqual([['a', 'b', 'c'], ['d'], ['e']])
    expect(next.outbox.takeDrops('bank')).toEqual({ rate: 5 })
  })

  it('never has a record in two batches, whatever is killed, written late or not answered', async () => {
    // the same each time
    let state = 20_261_126
    const below = (count: number): number => (state = (state * 48_271) % 2_147_483_647) % count
    const values = new MemoryValues()
    const batchOf = new Map<string, string>()
    const times = new Map<string, number>()
    const stored = new Map<string, string[]>()
    const send = ({ id, lines }: Piece): void => {
      for (const line of lines) {
        expect(batchOf.get(line) ?? id).toBe(id)
        batchOf.set(line, id)
      }
      times.set(id, (times.get(id) ?? 0) + 1)
      // half of them get lost; of those that arrive the server takes the first
      if (below(2) && !stored.has(id)) stored.set(id, [...lines])
    }
    let page = setUp(values, 'page 0')
    for (let step = 1; step <= 5000; step++) {
      const what = below(10)
      if (what < 5) page.add(`record ${step}`)
      else if (what === 5) {
        page.clock.now += below(4000)
        page.outbox.close(below(4) === 0)
      } else if (what === 6) await page.outbox.save()
      else if (what < 9) {
        for (const piece of page.outbox.sealed) {
          send(piece)
          if (stored.has(piece.id) && below(2)) page.outbox.remove(piece)
        }
        // that they were answered is written, or not yet
        if (below(2)) await page.outbox.save(true)
      } else if (below(5) === 0) {
        const next = setUp(values, `page ${step}`)
        next.clock.now = page.clock.now
        await next.outbox.adopt(() => false)
        page = next
      }
    }
    const records = [...stored.values()].flat()
    expect(new Set(records).size).toBe(records.length)
    expect(records.length).toBeGreaterThan(1000)
    expect([...times.values()].filter((count) => count > 1).length).toBeGreaterThan(100)
  })

  it('leaves alone what a living page has, and gives nothing twice', async () => {
    const { outbox, values, add } = setUp()
    for (const line of ['a', 'b', 'c']) add(line)
    await outbox.save()
    const other = setUp(values, 'other')
    await other.outbox.adopt((owner) => owner === 'me')
    expect(other.lines()).toEqual([])
    const [second, third] = [setUp(values, 'second'), setUp(values, 'third')]
    // pages take their turns
    await second.outbox.adopt(() => false)
    await third.outbox.adopt((owner) => owner === 'second')
    expect([second.lines(), third.lines()]).toEqual([[['a', 'b', 'c']], []])
  })

  it('forgets what was answered, also on the disk', async () => {
    const { outbox, values, add } = setUp()
    for (const line of ['a', 'b', 'c']) add(line)
    await outbox.save()
    outbox.remove(outbox.sealed[0]!)
    await outbox.save()
    expect(await values.entries('')).toEqual([])
  })

  it('keeps nothing of whom the person denies, of any page', async () => {
    const { outbox, values, add } = setUp()
    add('a')
    add('b', 'shop')
    outbox.drop('bank', 'rate')
    await outbox.save()
    const other = setUp(values, 'other')
    other.add('c')
    await other.outbox.clear((program) => program === 'bank')
    expect((await values.entries<Piece>('piece ')).map(([, { program }]) => program)).toEqual(['shop'])
    expect(other.outbox.waiting).toBe(0)
    await outbox.clear(() => true)
    expect(outbox.takeDrops('bank')).toEqual({})
    expect(await values.entries('piece ')).toEqual([])
  })

  it('writes again when the disk was full for a moment', async () => {
    const { outbox, values, add } = setUp()
    const write = values.write.bind(values)
    values.write = () => Promise.reject(new Error('full'))
    add('a')
    await outbox.save()
    values.write = write
    add('b')
    await outbox.save()
    expect((await values.entries<Piece>('piece '))[0]![1].lines).toEqual(['a', 'b'])
  })
})
