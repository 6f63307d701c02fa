/** What collecting needs from the phone around it. */
import type { ValueStore } from '../capabilities/types'
import type { DeviceContext } from '../updates/wire'
import type { ObservedRecord } from './records'

/** A program that runs: who it is is told by what happens to it. */
export interface Subject {
  readonly url: string
}

export interface Server {
  /** where batches go, and the switches come from: `https://HOST/observe/v1/` */
  url: string
  workspace: string
  device: Promise<string>
  /** name of the program at this address */
  keyOf(url: string): string
}

export interface Surroundings {
  /** none: records are only shown */
  server: Server | undefined
  fetch: typeof globalThis.fetch
  values: Promise<ValueStore>
  context(): DeviceContext
  /** hears of every record as it is made */
  show: ((record: ObservedRecord, program: string) => void) | undefined
  /** what frames shall measure may be other now */
  switched(): void
  /** there is something to tell, and the person shall be asked */
  undecided(): void
  /** a fault of collecting itself */
  internal(error: unknown): void
}
