import { describe, expect, it } from 'vitest'
import { MemoryValues } from '../store/values'
import { KeptLog } from './kept-log'
import { Masks } from './masks'
import type { Piece } from './outbox'
import { Pulls } from './pulls'

const line = (at: number, text = `line ${at}`) => ({ at, level: 'info' as const, text })

describe('KeptLog', () => {
  it('gives the lines of a time, of all pages of the phone', async () => {
    const values = Promise.resolve(new MemoryValues())
    const [one, other] = [new KeptLog(values, 'one'), new KeptLog(values, 'other')]
    for (const at of [1, 3, 5]) one.add('bank', line(at))
    for (const at of [2, 4]) other.add('bank', line(at))
    one.add('shop', line(3, 'of another program'))
    await other.save()
    expect((await one.read('bank', 2, 4)).map(({ at }) => at)).toEqual([2, 3, 4])
    expect(await one.read('bank', 9, 10)).toEqual([])
    expect((await one.programs()).sort()).toEqual(['bank', 'shop'])
  })

  it('forgets the oldest', async () => {
    const log = new KeptLog(Promise.resolve(new MemoryValues()), 'me', 10_000)
    for (let at = 0; at < 40; at++) {
      log.add('bank', line(at, 'x'.repeat(500)))
      await log.save()
    }
    const left = await log.read('bank', 0, 100)
    expect(left.at(-1)!.at).toBe(39)
    expect(left.length).toBeGreaterThan(15)
    expect(left.length * 530).toBeLessThanOrEqual(10_000)
  })

  it('keeps its bound when the clock is set back', async () => {
    const values = Promise.resolve(new MemoryValues())
    const log = new KeptLog(values, 'me', 5000)
    for (let at = 100; at > 0; at--) {
      log.add('bank', line(at, 'x'.repeat(500)))
      await log.save()
    }
    const left = await log.read('bank', 0, 100)
    expect(left.length).toBeLessThanOrEqual(10)
    expect(left[0]!.at).toBe(1)
  })

  it('goes on with its bound after a restart', async () => {
    const values = Promise.resolve(new MemoryValues())
    for (let start = 0; start < 30; start++) {
      const log = new KeptLog(values, `page ${start}`, 5000)
      log.add('bank', line(start, 'x'.repeat(500)))
      await log.save()
    }
    expect((await new KeptLog(values, 'last').read('bank', 0, 100)).map(({ at }) => at)).toEqual([21, 22, 23, 24, 25, 26, 27, 28, 29])
  })

  it('keeps nothing of whom the person denies', async () => {
    const log = new KeptLog(Promise.resolve(new MemoryValues()), 'me')
    log.add('bank', line(1))
    await log.save()
    log.add('bank', line(2))
    log.add('shop', line(3))
    await log.clear((program) => program === 'bank')
    expect(await log.read('bank', 0, 10)).toEqual([])
    expect(await log.read('shop', 0, 10)).toHaveLength(1)
  })
})

describe('Pulls', () => {
  const setUp = (count: number) => {
    const log = new KeptLog(Promise.resolve(new MemoryValues()), 'me')
    for (let at = 1; at <= count; at++) log.add('bank', line(at, `call 138${at}`))
    const sent: { piece: Piece; extra: object }[] = []
    const state = { works: true }
    const pulls = new Pulls({
      log, owner: 'me', masks: () => new Masks(['138\\d+']), head: () => ({ device: 'd', context: {}, program: { version: '1', code: 1 } }),
      deliver: async (piece, extra) => {
        sent.push({ piece, extra })
        return state.works
      },
    })
    return { pulls, sent, state }
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

  it('are answered when there is nothing', async () => {
    const { pulls, sent } = setUp(0)
    await pulls.send('bank', pull)
    expect(sent.map(({ piece, extra }) => [piece.lines, extra])).toEqual([[[], { pull_done: 'p1' }]])
  })
})
