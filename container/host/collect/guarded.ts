/** Collecting may fail, programs may not: own faults are caught, counted, and after some of them all is quiet. */

/** in a row of any length */
const MAX_FAULTS = 20

export class Guarded {
  private faults = 0
  /** ms that were spent in here: what collecting costs the host's page */
  spent = 0

  constructor(private readonly told: (error: unknown) => void, private readonly clock = (): number => performance.now()) {}

  get silent(): boolean { return this.faults >= MAX_FAULTS }

  run<T>(work: () => T): T | undefined {
    if (this.silent) return undefined
    const from = this.clock()
    try {
      return work()
    } catch (error) {
      this.fault(error)
      return undefined
    } finally {
      this.spent += this.clock() - from
    }
  }

  /** The same for what takes its time, which is not counted: it waits. */
  async wait(work: () => Promise<void>): Promise<void> {
    if (this.silent) return
    try {
      await work()
    } catch (error) {
      this.fault(error)
    }
  }

  private fault(error: unknown): void {
    this.faults++
    this.told(error)
  }
}
