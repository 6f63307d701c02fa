/**
 * How the start of a web application goes. Pure: it is told what was seen and how much time passed while the page was
 * visible, and says once how it ended.
 */

/** ms; the slowest honest start of a mini program was under three seconds, and here the network may have a part */
export const START_LIMIT = 20_000
/** ms until a page that loaded is shown, whatever it shows */
export const BLANK_LIMIT = 10_000
/** ms after a script error on a page that shows nothing */
export const PATIENCE = 3000

export type Outcome =
  /** its first page is there */
  | 'painted'
  /** it loaded, without an error, and shows nothing: perhaps it wants to */
  | 'blank'
  | { failed: string }

export class StartWatch {
  private loaded = false
  private error: string | undefined
  private elapsed = 0
  private sinceError = 0
  private outcome: Outcome | undefined

  /** The document and what it needs at once has come; it may have been an empty one. */
  load(): void { this.loaded = true }

  /** A script error. */
  err(message: string): void { this.error ??= message }

  /** Something of it can be seen, also late. */
  paint(): Outcome | undefined {
    if (this.outcome === 'blank') this.outcome = undefined
    return this.end('painted')
  }

  /** `ms` have passed in sight of the person. */
  pass(ms: number): Outcome | undefined {
    this.elapsed += ms
    if (this.error !== undefined) this.sinceError += ms
    if (this.error !== undefined && this.sinceError >= PATIENCE) return this.end({ failed: this.error })
    if (this.loaded && this.elapsed >= BLANK_LIMIT) return this.end('blank')
    if (this.elapsed < START_LIMIT) return undefined
    return this.end({ failed: `did not load its first page in ${START_LIMIT / 1000} s` })
  }

  private end(outcome: Outcome): Outcome | undefined {
    if (this.outcome) return undefined
    return this.outcome = outcome
  }
}
