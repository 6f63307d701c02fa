/**
 * What happened on this phone, told to the server in batches: at most `MAX_QUEUE` waiting, kept over restarts, each
 * batch sent until it is answered and counted there once. Telling never disturbs what it tells about.
 */
import type { ValueStore } from '../capabilities/types'
import { randomHex } from './device'
import { ServerError, type DeviceServer } from './server'
import type { Report, ReportBatch } from './wire'

const KEY = 'reports'
const MAX_QUEUE = 500
const BATCH = 100
/** ms; the first report of a quiet phone waits this long for others */
const DELAY = 2000
const LONGEST_DELAY = 10 * 60_000
/** what a browser's script error may say; the server takes 2,000 */
const MAX_REASON = 1000

export interface Waiting {
  batch: ReportBatch | undefined
  queue: Report[]
}

export class Reporter {
  private waiting: Waiting = { batch: undefined, queue: [] }
  private readonly loaded: Promise<void>
  private timer: ReturnType<typeof setTimeout> | undefined
  private delay = DELAY
  private sending: Promise<void> | undefined
  private writing = Promise.resolve()
  private following: Promise<void> | undefined
  private stopped = false

  constructor(
    private readonly server: DeviceServer, private readonly device: Promise<string>,
    private readonly values: Promise<ValueStore>,
  ) {
    this.loaded = values.then((store) => store.get<Waiting>(KEY)).then((kept) => {
      if (!kept) return
      this.waiting = { batch: kept.batch, queue: [...kept.queue, ...this.waiting.queue] }
      this.schedule()
    }).catch(() => undefined)
  }

  tell(report: Omit<Report, 'at'>): void {
    const { queue } = this.waiting
    const last = queue.at(-1)
    const { reason } = report
    const short = reason === undefined ? report : { ...report, reason: reason.slice(0, MAX_REASON) }
    const same = last && (['program', 'code', 'kind', 'release', 'reason'] as const).every((key) => last[key] === short[key])
    // a program that throws in a loop is one report
    if (same && last.kind === 'error') last.count = (last.count ?? 1) + 1
    else queue.push({ ...short, at: Date.now() * 1000 })
    if (queue.length > MAX_QUEUE) queue.splice(0, queue.length - MAX_QUEUE)
    this.schedule()
    void this.save()
  }

  /** Send what waits now; `leaving` when the page may be closed at any moment. */
  async flush(leaving = false): Promise<void> {
    clearTimeout(this.timer)
    this.timer = undefined
    if (leaving && this.sending) return
    this.sending ??= this.send(leaving).finally(() => { this.sending = undefined })
    await this.sending
  }

  stop(): void {
    this.stopped = true
    clearTimeout(this.timer)
  }

  private schedule(): void {
    if (this.stopped) return
    this.timer ??= setTimeout(() => void this.flush(), this.delay)
  }

  private async send(leaving: boolean): Promise<void> {
    await this.loaded
    const device = await this.device
    for (;;) {
      const { waiting } = this
      waiting.batch ??= waiting.queue.length
        ? { device, batch: randomHex(16), reports: waiting.queue.splice(0, BATCH) }
        : undefined
      if (!waiting.batch) return
      const { batch } = waiting
      await this.save()
      try {
        await this.server.report(batch, leaving)
      } catch (error) {
        // what the server refuses for its content would be refused for ever
        const refused = error instanceof ServerError && error.status >= 400 && error.status < 500 && error.status !== 429
        if (!refused) {
          this.delay = Math.min(this.delay * 2, LONGEST_DELAY)
          return this.schedule()
        }
      }
      this.delay = DELAY
      waiting.batch = undefined
      await this.save()
    }
  }

  /** Keep what waits. Reports of a moment, a program that throws in a loop, are one write: after the one under way. */
  private save(): Promise<void> {
    this.following ??= this.writing.then(() => {
      this.following = undefined
      return (this.writing = this.write())
    })
    return this.following
  }

  private async write(): Promise<void> {
    await this.loaded
    const { batch, queue } = this.waiting
    const empty = !batch && queue.length === 0
    const store = await this.values
    await store.write(new Map([[KEY, empty ? undefined : { batch, queue }]])).catch(() => undefined)
  }
}
