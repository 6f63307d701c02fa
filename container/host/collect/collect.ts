/**
 * The first steps of collecting, in the host's own bundle: what happens is noted, and given to recording.ts (collect.js)
 * when that is there. It is loaded when a program has shown its first page, or nothing is going on.
 */
import type { ValueStore } from '../capabilities/types'
import type { DeviceContext } from '../updates/wire'
import { deviceId } from '../updates/device'
import type { Platform } from '../updates/platform'
import type { Happening, Timed } from './happenings'
import type { ObservedRecord } from './records'
import type { Recording } from './recording'
import type { Server, Subject } from './surroundings'
import type { Consent } from './switches'

export type { Consent, ObservedRecord }

/** Where a page sends records that follows no server's releases. */
export interface CollectServer {
  /** `https://HOST/observe/v1/` */
  url: string
  workspace: string
  /** key of the program at an address; undefined: nothing of it is told */
  program(url: string): string | undefined
}

export interface CollectOptions {
  server?: CollectServer
  /** hears of every record as it is made: for those who develop */
  show?(record: ObservedRecord, program: string): void
}

export interface CollectSurroundings {
  platform: Platform | undefined
  fetch: typeof globalThis.fetch
  /** values of this name */
  values(area: string): Promise<ValueStore>
  context(): DeviceContext
  /** address of a file of the container bundle */
  file(name: string): string
  /** what frames shall measure may be other now */
  switched(): void
  /** there is something to tell, and the person shall be asked */
  undecided(): void
  internal(error: unknown): void
}

/** What may wait until the rest is loaded. */
const MAX_HAPPENED = 2000
/** ms without a program: then nothing is disturbed */
const QUIET = 3000
/** ms after a first page; by then it has what it needs */
const PATIENCE = 1000
const KINDS = ['tap', 'white_screen', 'set_data', 'long_task']

export class Collect {
  private readonly server: Server | undefined
  private recording: Recording | undefined
  private loading: Promise<Recording> | undefined
  private happened: [Subject, Timed][] = []
  private readonly timer: ReturnType<typeof setTimeout> | undefined
  private stopped = false

  constructor(private readonly around: CollectSurroundings, private readonly options: CollectOptions) {
    this.server = around.platform ? serverOf(around.platform) : options.server && this.serverOfPage(options.server)
    if (this.server || options.show) this.timer = setTimeout(() => this.prepare(), QUIET)
  }

  /**
   * What counts for this phone: `granted`; `ask`, records stay on the phone until somebody decides; `denied`, nothing is
   * recorded. With a `decision` it counts from now on, over restarts; without one the workspace's wish does.
   */
  async consent(decision?: Consent): Promise<Consent> { return (await this.load()).consent(decision) }

  /** Everything that happened is on its way, or waits for a network, an answer or a decision. */
  async settled(): Promise<void> { await (await this.load()).settled() }

  /** ms of this page's time that collecting took. */
  get cost(): number { return this.recording?.cost ?? 0 }

  /** What the frame of the program at `url` shall measure; undefined: nothing. */
  frameKinds(url: string): string[] | undefined {
    if (!this.covers(url)) return undefined
    return this.recording?.frameKinds(url) ?? KINDS
  }

  tell(of: Subject, happening: Happening): void {
    if (this.stopped || !this.covers(of.url)) return
    const timed: Timed = { ...happening, at: Date.now() }
    if (this.recording) return this.recording.tell(of, timed)
    if (this.happened.length < MAX_HAPPENED) this.happened.push([of, timed])
    if (happening.what === 'notice' && happening.notice.kind === 'painted') this.prepare()
  }

  stop(): void {
    this.stopped = true
    clearTimeout(this.timer)
    this.recording?.stop()
  }

  private covers(url: string): boolean {
    const { around: { platform }, options: { server, show } } = this
    if (!this.server) return show !== undefined
    return platform ? platform.owns(url) : server?.program(url) !== undefined
  }

  private serverOfPage({ url, workspace, program }: CollectServer): Server {
    const address = new URL(url, document.baseURI).href
    const device = this.around.values(`collect ${address} ${workspace}`).then(deviceId)
    return { url: address, workspace, device, keyOf: (of) => program(of) ?? '' }
  }

  private prepare(): void {
    const load = (): void => { if (!this.stopped) void this.load().catch(() => undefined) }
    if (typeof requestIdleCallback === 'function') requestIdleCallback(load, { timeout: PATIENCE })
    else load()
  }

  private load(): Promise<Recording> {
    this.loading ??= this.open()
    // browsers remember that a module did not load; a phone without it collects nothing until its next start
    this.loading.catch(() => { this.happened = [] })
    return this.loading
  }

  private async open(): Promise<Recording> {
    const { around, server, options: { show } } = this
    const { open } = await import(/* @vite-ignore */ around.file('collect.js')) as typeof import('./recording')
    const { fetch, context, switched, undecided, internal } = around
    const values = around.values(`collect ${server ? `${server.url} ${server.workspace}` : ''}`)
    const recording = this.recording = open({ server, fetch, values, context, show, switched, undecided, internal })
    for (const [of, timed] of this.happened.splice(0)) recording.tell(of, timed)
    if (this.stopped) recording.stop()
    return recording
  }
}

/** Beside the device address, `https://HOST/device/v1/WORKSPACE/`. */
function serverOf(platform: Platform): Server | undefined {
  const found = /^(.*\/)device\/v1\/([^/]+)\/$/.exec(platform.url)
  return found ? {
    url: `${found[1]}observe/v1/`, workspace: decodeURIComponent(found[2]!), device: platform.device,
    keyOf: (url) => platform.keyOf(url),
  } : undefined
}
