/** Keeps one frame with the runtime already loaded, so that a start only waits for the program. */
import type { DomainPolicy } from './policy'
import { Frame } from './frame'

export class FramePool {
  private spare: Frame | undefined
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly parent: Node,
    private readonly runtime: () => Promise<string>,
    private readonly policy: DomainPolicy,
  ) {}

  /** A frame whose runtime waits for Boot. One broken spare is replaced; then FrameError. */
  async take(): Promise<Frame> {
    const spare = this.spare
    this.spare = undefined
    if (spare) {
      try {
        await spare.ready
        return spare
      } catch {
        spare.destroy()
      }
    }
    const frame = await this.make()
    try {
      await frame.ready
      return frame
    } catch (error) {
      frame.destroy()
      throw error
    }
  }

  /** Make a spare when the phone has had a moment of rest. */
  warm(delay = 0): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => {
      if (this.spare) return
      this.make().then((frame) => {
        if (this.spare || this.stopped) return frame.destroy()
        this.spare = frame
        // A spare that fails is forgotten; the next start makes its own and reports.
        frame.ready.catch(() => { if (this.spare === frame) this.drop() })
      }, () => undefined)
    }, delay)
  }

  /** No new frames for this long; the spare goes, as it may be in a hung program's process. */
  rest(ms: number): void {
    this.drop()
    this.quiet = new Promise((resolve) => setTimeout(resolve, ms))
    this.warm(ms)
  }

  private quiet: Promise<void> | undefined

  private async make(): Promise<Frame> {
    await this.quiet
    const frame = new Frame(this.parent, await this.runtime(), this.policy)
    frame.element.className = 'frame spare'
    return frame
  }

  private drop(): void {
    this.spare?.destroy()
    this.spare = undefined
  }

  private stopped = false

  stop(): void {
    this.stopped = true
    clearTimeout(this.timer)
    this.drop()
  }
}
