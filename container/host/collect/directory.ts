/** The workspace's switches: kept for a start without a network, fetched anew from time to time. */
import type { ValueStore } from '../capabilities/types'
import { parseWorkspace, type Workspace } from './switches'

const KEY = 'switches'
/** ms; asking again for a program that is not in the answer */
const SHORTEST_REST = 60_000
const TIMEOUT = 10_000

export interface DirectoryOptions {
  fetch: typeof globalThis.fetch
  /** of the switches, with its last slash and the workspace */
  url: string
  values: Promise<ValueStore>
  now(): number
}

export class Directory {
  workspace: Workspace | undefined
  private raw: unknown
  private asked = -Infinity
  private fetching: Promise<boolean | undefined> | undefined

  constructor(private readonly options: DirectoryOptions) {}

  /** What was kept. */
  async load(): Promise<void> {
    const kept = await (await this.options.values).get<unknown>(KEY).catch(() => undefined)
    if (kept !== undefined) this.take(kept)
  }

  /** Ask the server; `device`: who asks, if it may know. True: there is another answer than before; undefined: there is none. */
  refresh(device: string | undefined): Promise<boolean | undefined> {
    this.fetching ??= this.ask(device).catch(() => undefined).finally(() => { this.fetching = undefined })
    return this.fetching
  }

  /** It is a while since the server was asked, by a clock that may have been set back. */
  get isOld(): boolean { return Math.abs(this.options.now() - this.asked) >= SHORTEST_REST }

  /** The same, for something that is missing: not all the time. */
  async renew(device: string | undefined): Promise<boolean | undefined> {
    return this.isOld ? this.refresh(device) : undefined
  }

  private async ask(device: string | undefined): Promise<boolean | undefined> {
    const { fetch, url, values, now } = this.options
    this.asked = now()
    const query = device === undefined ? '' : `?${new URLSearchParams({ device })}`
    const response = await fetch(`${url}${query}`, { credentials: 'omit', cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT) })
    if (!response.ok) {
      await response.body?.cancel()
      return undefined
    }
    const value: unknown = await response.json()
    if (JSON.stringify(value) === JSON.stringify(this.raw)) return false
    this.take(value)
    await (await values).write(new Map([[KEY, value]])).catch(() => undefined)
    return true
  }

  private take(value: unknown): void {
    this.raw = value
    this.workspace = parseWorkspace(value)
  }
}
