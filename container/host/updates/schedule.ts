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
/** ms; so do those whose stream was cut off, as all are at once when a server starts anew */
const RETURN_SPREAD = 10_000

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
  private returning: ReturnType<typeof setTimeout> | undefined
  /** the stream has broken off, and has not come back yet */
  private cutOff = false
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
    this.timer = undefined
    this.last = Date.now()
    await this.options.check().catch(() => undefined)
    // unless the server has said meanwhile that something changed
    if (this.timer === undefined) this.next(this.options.interval() * 1000 * (1 + JITTER * (2 * Math.random() - 1)))
  }

  private next(delay: number): void {
    clearTimeout(this.timer)
    if (!this.stopped) this.timer = setTimeout(() => void this.run(), delay)
  }

  private listen(): void {
    if (this.source || this.stopped) return
    void this.options.events().then((url) => {
      if (this.source || this.stopped || document.visibilityState === 'hidden') return
      const source = this.source = new EventSource(url)
      source.addEventListener('release', () => this.next(Math.random() * HINT_SPREAD))
      source.addEventListener('open', () => {
        // what the server said in between was not heard
        if (this.cutOff) this.next(Math.random() * RETURN_SPREAD)
        this.cutOff = false
      })
      source.addEventListener('error', () => {
        this.cutOff = true
        // it connects again by itself, unless an error was answered, as proxies do while a server starts anew
        if (source !== this.source || source.readyState !== EventSource.CLOSED) return
        this.hush()
        this.returning = setTimeout(() => this.listen(), RETURN_SPREAD * (1 + Math.random()))
      })
    })
  }

  private hush(): void {
    clearTimeout(this.returning)
    this.source?.close()
    this.source = undefined
  }
}
