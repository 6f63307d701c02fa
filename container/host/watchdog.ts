/**
 * Is a frame still alive? It is pinged once per tick and answers from its event loop; an endless loop does not.
 * Pure: times in ms are given. The host's own pauses (a sleeping laptop, a throttled background tab) are noticed
 * by late ticks and never held against the frame.
 */

export const TICK = 1000
/** Without an answer for this long a visible frame is hung; the slowest honest start seen took under three seconds. */
export const HANG_LIMIT = 5000
/** In development a person stands at a breakpoint, which looks the same. */
export const HANG_LIMIT_DEVELOP = 15_000
/** A tick this late means that the host itself was not running. */
const LATE = 2 * TICK

export class Heartbeat {
  private seq = 0
  /** when the oldest unanswered ping was sent */
  private waiting: number | undefined
  private lastTick: number | undefined

  constructor(private readonly limit = HANG_LIMIT) {}

  /** Once per tick: the number to ping with, or "hung". */
  tick(now: number): number | 'hung' {
    if (this.lastTick !== undefined && now - this.lastTick > TICK + LATE) this.waiting = undefined
    this.lastTick = now
    if (this.waiting !== undefined && now - this.waiting >= this.limit) return 'hung'
    this.waiting ??= now
    return ++this.seq
  }

  pong(seq: number): void {
    if (seq >= 1 && seq <= this.seq) this.waiting = undefined
  }

  /** The frame was out of sight, where browsers slow timers down. */
  rest(): void {
    this.waiting = undefined
    this.lastTick = undefined
  }
}
