import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MemoryValues } from '../store/values'
import { Reporter } from './reporter'
import { ServerError, type DeviceServer } from './server'
import type { ReportBatch } from './wire'

beforeEach(() => { vi.useFakeTimers() })
afterEach(() => { vi.useRealTimers() })

function setUp(values = new MemoryValues()) {
  const sent: ReportBatch[] = []
  let answer: () => void = () => {}
  const server = {
    async report(batch: ReportBatch) {
      answer()
      sent.push(structuredClone(batch))
    },
  } as unknown as DeviceServer
  const reporter = new Reporter(server, Promise.resolve('phone'), Promise.resolve(values))
  return { reporter, sent, values, fail: (status?: number) => {
    answer = () => { if (status !== undefined) throw new ServerError(status, 'x') }
  } }
}

const started = { program: 'bank', code: 1, kind: 'started' } as const

describe('reporter', () => {
  it('waits for others, then sends one batch', async () => {
    const { reporter, sent } = setUp()
    reporter.tell(started)
    reporter.tell({ ...started, kind: 'first_page' })
    await vi.advanceTimersByTimeAsync(1000)
    expect(sent).toEqual([])
    await vi.advanceTimersByTimeAsync(2000)
    expect(sent).toHaveLength(1)
    expect(sent[0]).toMatchObject({ device: 'phone', reports: [{ kind: 'started' }, { kind: 'first_page' }] })
  })

  it('sends the same batch again until it is answered', async () => {
    const { reporter, sent, fail } = setUp()
    fail(0)
    reporter.tell(started)
    await vi.advanceTimersByTimeAsync(5000)
    reporter.tell({ ...started, kind: 'crash' })
    fail()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(sent.map(({ reports }) => reports.map(({ kind }) => kind))).toEqual([['started'], ['crash']])
    expect(sent[0]!.batch).not.toBe(sent[1]!.batch)
  })

  it('keeps what waits over restarts, and the batch that may have arrived', async () => {
    const first = setUp()
    first.fail(0)
    first.reporter.tell(started)
    await vi.advanceTimersByTimeAsync(2500)
    first.reporter.tell({ ...started, kind: 'crash' })
    await vi.advanceTimersByTimeAsync(0)
    first.reporter.stop()
    const kept = await first.values.get<{ batch: ReportBatch }>('reports')
    const second = setUp(first.values)
    await vi.advanceTimersByTimeAsync(5000)
    expect(second.sent.map(({ reports }) => reports.map(({ kind }) => kind))).toEqual([['started'], ['crash']])
    expect(second.sent[0]!.batch).toBe(kept!.batch.batch)
    expect(await first.values.get('reports')).toBeUndefined()
  })

  it('gives up what the server refuses for what it is', async () => {
    const { reporter, sent, fail } = setUp()
    fail(400)
    reporter.tell(started)
    await vi.advanceTimersByTimeAsync(2500)
    fail()
    reporter.tell({ ...started, kind: 'crash' })
    await vi.advanceTimersByTimeAsync(2500)
    expect(sent.map(({ reports }) => reports.map(({ kind }) => kind))).toEqual([['crash']])
  })

  it('counts the same error, and forgets the oldest when there are too many', async () => {
    const { reporter, sent } = setUp()
    for (let n = 0; n < 1000; n++) reporter.tell({ ...started, kind: 'error', reason: 'in a loop' })
    for (let n = 0; n < 600; n++) reporter.tell({ ...started, kind: 'error', reason: `error ${n} ${'x'.repeat(5000)}` })
    await vi.advanceTimersByTimeAsync(5000)
    const all = sent.flatMap(({ reports }) => reports)
    expect(all).toHaveLength(500)
    expect(all[0]!.reason).toMatch(/^error 100 /)
    expect(all[0]!.reason!.length).toBe(1000)
    expect(all.every(({ count }) => count === undefined)).toBe(true)
  })

  it('adds up a loop of errors, and writes it down a few times only', async () => {
    const { reporter, sent, values } = setUp()
    const write = vi.spyOn(values, 'write')
    for (let n = 0; n < 1000; n++) reporter.tell({ ...started, kind: 'error', reason: 'in a loop' })
    await vi.advanceTimersByTimeAsync(0)
    expect(write.mock.calls.length).toBeLessThan(5)
    expect(await values.get('reports')).toMatchObject({ queue: [{ count: 1000 }] })
    await vi.advanceTimersByTimeAsync(2500)
    expect(sent[0]!.reports).toHaveLength(1)
    expect(sent[0]!.reports[0]!.count).toBe(1000)
  })
})
