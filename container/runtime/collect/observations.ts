/**
 * What was observed and waits to be told, a few records at a time, and a fence around the observing: nothing of it may
 * disturb the program. A fault in here is caught, and after some of them all is silent. For frames of mini programs and
 * for shells of web applications alike.
 */
import type { WireObject } from '../../bridge/messages'

/** ms between messages about what is not urgent */
const REST = 1000
const MAX_WAITING = 100
/** own faults, until silence */
const MAX_FAULTS = 5

export class Observations {
  private waiting: WireObject[] = []
  private isDue = false
  private faults = 0

  /** `later`: setTimeout, before a program's code can get at it */
  constructor(
    private readonly tell: (records: WireObject[]) => void, private readonly later: (run: () => void, ms: number) => unknown,
  ) {}

  add(record: WireObject): void {
    if (this.waiting.length >= MAX_WAITING) return
    this.waiting.push(record)
    if (this.isDue) return
    this.isDue = true
    this.later(() => {
      this.isDue = false
      this.flush()
    }, REST)
  }

  /** Tell what there is, now. */
  flush(): void {
    this.safely(() => {
      if (this.waiting.length) this.tell(this.waiting.splice(0))
    })
  }

  safely(run: () => void): void {
    if (this.faults >= MAX_FAULTS) return
    try {
      run()
    } catch {
      this.faults++
    }
  }
}
