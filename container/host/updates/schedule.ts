/**
 * When a phone looks for versions: at its start, when it comes back to the front or into a network, at the server's
 * interval with jitter (so that a million phones do not ask in the same second), and when the server says that
 * something changed, by a stream of server-sent events that is open while the phone is seen.
 */

/** of the interval, in either direction */
const JITTER = 0.2
/** ms; coming to the front again within this time is no reason to ask again */
const SHORTEST_REST = 10_000
/** ms; phones that hear of a change spread over this time */
const HINT_SPREAD = 500

export interface ScheduleOptions {
  /** address of the event stream */
  events: () => Promise<string>
  check: () => Promise<void>
  /** seconds */
  interval: () => number
  /** the page is being left */
  leaving: () => void
}

export class Schedule {
  private timer: ReturnType<typeof setTimeout> | undefined
  private source: EventSource | undefined
  private last = 0
  private stopped = false
  private readonly seen = (): void => {
    if (document.visibilityState === 'hidden') {
      this.options.leaving()
      return this.hush()
    }
    this.listen()
    if (Date.now() - this.last > SHORTEST_REST) void this.run()
  }
  private readonly online = (): void => void this.run()

  constructor(private readonly options: ScheduleOptions) {}

  start(): void {
    document.addEventListener('visibilitychange', this.seen)
    window.addEventListener('online', this.online)
    if (document.visibilityState !== 'hidden') this.listen()
    void this.run()
  }

  stop(): void {
    this.stopped = true
    clearTimeout(this.timer)
    document.removeEventListener('visibilitychange', this.seen)
    window.removeEventListener('online', this.online)
    this.hush()
  }

  private async run(): Promise<void> {
    clearTimeout(this.timer)
    this.last = Date.now()
    await this.options.check().catch(() => undefined)
    this.next(this.options.interval() * 1000 * (1 + JITTER * (2 * Math.random() - 1)))
  }

  private next(delay: number): void {
    clearTimeout(this.timer)
    if (!this.stopped) this.timer = setTimeout(() => void this.run(), delay)
  }

  private listen(): void {
    if (this.source || this.stopped) return
    void this.options.events().then((url) => {
      if (this.source || this.stopped) return
      // it connects again by itself
      this.source = new EventSource(url)
      this.source.addEventListener('release', () => this.next(Math.random() * HINT_SPREAD))
    })
  }

  private hush(): void {
    this.source?.close()
    this.source = undefined
  }
}
