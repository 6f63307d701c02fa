/** Which pages of this phone are alive: each holds a lock of its own name as long as it lives. */

/** ms; without locks a page that has written nothing for this long counts as gone */
const SILENCE = 120_000

export class Living {
  private release: () => void = () => {}

  constructor(private readonly prefix: string) {}

  /** From now on this page counts as alive. */
  hold(owner: string): Promise<void> {
    const { locks } = navigator as { locks?: LockManager }
    if (!locks) return Promise.resolve()
    return new Promise((held) => {
      const keep = (): Promise<void> => {
        held()
        return new Promise((release) => { this.release = release })
      }
      // refused where a page has no storage: then no other page shares it
      locks.request(`${this.prefix} ${owner}`, keep).catch(() => held())
    })
  }

  /** Who is alive now; `since`: when a page wrote last, ms before now. */
  async look(): Promise<(owner: string, since: number) => boolean> {
    const { locks } = navigator as { locks?: LockManager }
    try {
      const { held = [] } = await locks!.query()
      const names = new Set(held.map(({ name }) => name))
      return (owner) => names.has(`${this.prefix} ${owner}`)
    } catch {
      return (_owner, since) => since < SILENCE
    }
  }

  stop(): void { this.release() }
}
