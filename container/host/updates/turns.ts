/** Work that is done one after the other: on this page, and among all pages of this phone, which share a store. */
export class Turns {
  private last: Promise<void> = Promise.resolve()

  constructor(private readonly name: string) {}

  /** Settles as `run` does. */
  take(run: () => Promise<void>): Promise<void> {
    const done = this.last.then(() => this.locked(run))
    this.last = done.catch(() => undefined)
    return done
  }

  /** Without locks, or where a page may not have them (a frame without storage), the page's own order has to do. */
  private async locked(run: () => Promise<void>): Promise<void> {
    const locks = (navigator as { locks?: LockManager }).locks
    if (!locks) return run()
    let begun = false
    try {
      await locks.request(this.name, () => {
        begun = true
        return run()
      })
    } catch (error) {
      if (begun) throw error
      await run()
    }
  }
}
