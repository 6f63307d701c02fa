import { describe, expect, it } from 'vitest'
import { MemoryValues } from '../store/values'
import { Turns } from '../updates/turns'
import { KeptLog, type LogLine } from './kept-log'
import { Masks } from './masks'
import type { Piece } from './outbox'
import { Pulls } from './pulls'

const line = (at: number, text = `line ${at}`) => ({ at, level: 'info' as const, text })
const open = (values: MemoryValues, owner = 'me', limit?: number): KeptLog =>
  new KeptLog(Promise.resolve(values), owner, new Turns('log'), limit)
let wishes = 0
/** As a new wish has them. */
async function read(log: KeptLog, program: string, from: number, until: number): Promise<LogLine[]> {
  const pull = { id: `wish ${++wishes}`, from, until }
  return log.lines((await log.plan(program, pull)).flat(), pull)
}

describe('KeptLog', () => {
  it('gives the lines of a time, of all pages of the phone', async () => {
    const values = new MemoryValues()
    const [one, other] = [open(values, 'one'), open(values, 'other')]
    for (const at of [1, 3, 5]) one.add('bank', line(at))
    for (const at of [2, 4]) other.add('bank', line(at))
    one.add('shop', line(3, 'of another program'))
    await other.save()
    expect((await read(one, 'bank', 2, 4)).map(({ at }) => at)).toEqual([2, 3, 4])
    expect(await read(one, 'bank', 9, 10)).toEqual([])
    expect((await one.programs()).sort()).toEqual(['bank', 'shop'])
  })

  it('forgets the oldest', async () => {
    const log = open(new MemoryValues(), 'me', 10_000)
    for (let at = 0; at < 40; at++) {
      log.add('bank', line(at, 'x'.repeat(500)))
      await log.save()
    }
    const left = await read(log, 'bank', 0, 100)
    expect(left.at(-1)!.at).toBe(39)
    expect(left.length).toBeGreaterThan(15)
    expect(left.length * 530).toBeLessThanOrEqual(10_000)
  })

  it('keeps its bound when the clock is set back', async () => {
    const log = open(new MemoryValues(), 'me', 5000)
    for (let at = 100; at > 0; at--) {
      log.add('bank', line(at, 'x'.repeat(500)))
      await log.save()
    }
    const left = await read(log, 'bank', 0, 100)
    expect(left.length).toBeLessThanOrEqual(10)
    expect(left[0]!.at).toBe(1)
  })

  it('goes on with its bound after a restart', async () => {
    const values = new MemoryValues()
    for (let start = 0; start < 30; start++) {
      const log = open(values, `page ${start}`, 5000)
      log.add('bank', line(start, 'x'.repeat(500)))
      await log.save()
    }
    expect((await read(open(values, 'last'), 'bank', 0, 100)).map(({ at }) => at)).toEqual([21, 22, 23, 24, 25, 26, 27, 28, 29])
  })

  it('has one bound for all pages of the phone, each of which writes at the same time', async () => {
    const values = new MemoryValues()
    const pages = ['one', 'other', 'third'].map((name) => open(values, name, 5000))
    for (let at = 0; at < 60; at++) {
      await Promise.all(pages.map(async (page, index) => {
        page.add('bank', line(at * 10 + index, 'x'.repeat(500)))
        await page.save()
      }))
    }
    const left = await read(pages[0]!, 'bank', 0, 1000)
    expect(left.length * 530).toBeLessThanOrEqual(5000)
    // the newest of all of them
    expect(left.map(({ at }) => at)).toEqual([570, 571, 572, 580, 581, 582, 590, 591, 592])
    expect(await values.keys('log ')).toHaveLength(9)
  })

  it('keeps nothing of whom the person denies', async () => {
    const values = new MemoryValues()
    const log = open(values)
    log.add('bank', line(1))
    expect(await read(log, 'bank', 0, 10)).toHaveLength(1)
    log.add('bank', line(2))
    log.add('shop', line(3))
    await log.clear((program) => program === 'bank')
    // not even how it was sent
    expect((await values.entries('')).filter(([key]) => key.includes('bank'))).toEqual([])
    expect(await read(log, 'bank', 0, 10)).toEqual([])
    expect(await read(log, 'shop', 0, 10)).toHaveLength(1)
  })
})

describe('Pulls', () => {
  const setUp = (count: number, values = new MemoryValues(), owner = 'me', limit?: number) => {
    const log = open(values, owner, limit)
    for (let at = 1; at <= count; at++) log.add('bank', line(at, `call 138${at}`))
    const sent: { piece: Piece; extra: object }[] = []
    const state = { works: true, masks: ['138\\d+'] }
    const pulls = new Pulls({
      log, owner, masks: () => new Masks(state.masks), head: () => ({ device: 'd', context: {}, program: { version: '1', code: 1 } }),
      deliver: async (piece, extra) => {
        sent.push({ piece, extra })
        return state.works
      },
    })
    return { log, values, pulls, sent, state }
  }
  const pull = { id: 'p1', from: 0, until: 1000 }

  it('send every line once, masked, and say which batch was the last', async () => {
    const { pulls, sent } = setUp(450)
    await pulls.send('bank', pull)
    await pulls.send('bank', pull)
    expect(sent.map(({ piece, extra }) => [piece.lines.length, extra])).toEqual([[200, {}], [200, {}], [50, { pull_done: 'p1' }]])
    const records = sent.flatMap(({ piece }) => piece.lines.map((one) => JSON.parse(one) as object))
    expect(records[0]).toEqual({ type: 'log', at: 1, level: 'info', message: 'call ***', pull: 'p1' })
    expect(records.at(-1)).toEqual({ type: 'log', at: 450, level: 'info', message: 'call ***', pull: 'p1', pull_done: true })
    for (const { piece } of sent) expect(piece.id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    expect(new Set(sent.map(({ piece }) => piece.id)).size).toBe(3)
  })

  it('are sent again with the same ids when they broke off', async () => {
    const { pulls, sent, state } = setUp(10)
    state.works = false
    await pulls.send('bank', pull)
    state.works = true
    await pulls.send('bank', pull)
    expect(sent).toHaveLength(2)
    expect(sent[0]!.piece.id).toBe(sent[1]!.piece.id)
  })

  it('are sent again as they were cut first, whatever has happened to the log since, and from any page', async () => {
    const { log, values, pulls, sent, state } = setUp(450, undefined, 'me', 24_000)
    state.works = false
    await pulls.send('bank', pull)
    // the answer was lost; meanwhile there are more lines, the oldest are gone, and masks are others
    for (let at = 451; at <= 600; at++) log.add('bank', line(at, 'x'.repeat(50)))
    await log.save()
    state.works = true
    state.masks = []
    const other = setUp(0, values, 'other')
    await Promise.all([pulls.send('bank', pull), other.pulls.send('bank', pull)])
    const [first, ...later] = [...sent, ...other.sent].map(({ piece: { id, lines } }) => ({ id, at: lines.map((one) => (JSON.parse(one) as LogLine).at) }))
    const batches = new Map<number, string>()
    for (const { id, at } of [first!, ...later]) {
      for (const moment of at) {
        expect(batches.get(moment) ?? id).toBe(id)
        batches.set(moment, id)
      }
    }
    expect(first!.at).toHaveLength(200)
    expect(Math.max(...batches.keys())).toBe(450)
    expect(new Set(batches.values()).size).toBe(3)
    // another wish has what there is now
    sent.length = 0
    await pulls.send('bank', { ...pull, id: 'p2' })
    expect(sent.flatMap(({ piece }) => piece.lines).at(-1)).toContain('"at":600')
    expect(sent.some(({ piece }) => [...batches.values()].includes(piece.id))).toBe(false)
  })

  it('are answered when there is nothing', async () => {
    const { pulls, sent } = setUp(0)
    await pulls.send('bank', pull)
    expect(sent.map(({ piece, extra }) => [piece.lines, extra])).toEqual([[[], { pull_done: 'p1' }]])
  })
})
