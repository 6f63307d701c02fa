/**
 * What may be told of a program, and how: what its workspace wishes, and the person's word, which wins, and which all pages
 * of this phone hear when it is given in one of them.
 */
import { Directory } from './directory'
import type { Guarded } from './guarded'
import { Masks } from './masks'
import type { Kind } from './records'
import type { Surroundings } from './surroundings'
import { buckets, parseSwitches, type Consent, type Pull, type Switches } from './switches'

const CONSENT = 'consent'
/** ms; the switches of a phone that says nothing, with jitter */
const REFRESH = 5 * 60_000

export interface PolicyOptions {
  around: Pick<Surroundings, 'server' | 'fetch' | 'values'>
  guarded: Guarded
  /** by which the pages of this phone find each other */
  name: string
  /** `denied`: of which programs nothing is to be kept; undefined: there are none */
  changed(denied: ((program: string) => boolean) | undefined): Promise<void>
  /** somebody wants this phone's log */
  pulled(program: string, pull: Pull): Promise<void>
}

export class Policy {
  /** the device's name */
  device = ''
  private readonly directory: Directory | undefined
  private readonly channel: BroadcastChannel | undefined
  private readonly masks = new Map<string, Masks>()
  private readonly usual = parseSwitches({})
  /** what the person said */
  private decision: Consent | undefined
  private buckets: Awaited<ReturnType<typeof buckets>> | undefined
  private refreshing: ReturnType<typeof setTimeout> | undefined
  private stopped = false

  constructor(private readonly options: PolicyOptions) {
    const { around: { server, fetch, values }, name, guarded } = options
    if (!server) return
    this.directory = new Directory({
      fetch, values, url: `${server.url}collect/${encodeURIComponent(server.workspace)}`, now: Date.now,
    })
    this.channel = typeof BroadcastChannel === 'function' ? new BroadcastChannel(name) : undefined
    this.channel?.addEventListener('message', () => void guarded.wait(() => this.reread()))
  }

  /** What is known without asking anybody. */
  async load(): Promise<void> {
    const { server, values } = this.options.around
    if (!server) return
    const [device, decision] = await Promise.all([
      server.device, values.then((kept) => kept.get<Consent>(CONSENT)), this.directory!.load(),
    ])
    this.device = device
    this.decision = decision
    this.buckets = await buckets(device)
  }

  stop(): void {
    this.stopped = true
    clearTimeout(this.refreshing)
    this.channel?.close()
  }

  // ---- what counts -------------------------------------------------------------------------------------------

  /** The workspace has been heard. */
  get isKnown(): boolean { return this.directory?.workspace !== undefined }

  get revision(): number | undefined { return this.directory?.workspace?.revision }

  switches(program?: string): Switches {
    const { workspace } = this.directory ?? {}
    return (program !== undefined ? workspace?.programs[program]?.switches : undefined) ?? workspace?.usual ?? this.usual
  }

  writeKey(program: string): string | undefined { return this.directory?.workspace?.programs[program]?.writeKey }

  /** Before anything is known of the workspace's wishes, nothing leaves. */
  consentFor(program: string): Consent { return this.decision ?? (this.isKnown ? this.switches(program).consent : 'ask') }

  wants(program: string, kind: Kind): boolean {
    if (!this.directory) return true
    return this.consentFor(program) !== 'denied' && (this.buckets?.[kind] ?? 0) < this.switches(program).perMille[kind]
  }

  /** The write key, if something of the program may leave now. */
  sendingKey(program: string): string | undefined {
    return this.consentFor(program) === 'granted' ? this.writeKey(program) : undefined
  }

  masksOf(program: string): Masks {
    let masks = this.masks.get(program)
    if (!masks) this.masks.set(program, masks = new Masks(this.switches(program).masks))
    return masks
  }

  // ---- what changes ------------------------------------------------------------------------------------------

  /** What counts for programs that say nothing else; with a `decision`, from now on. */
  async consent(decision?: Consent): Promise<Consent> {
    if (decision !== undefined) {
      this.decision = decision
      await (await this.options.around.values).write(new Map([[CONSENT, decision]])).catch(() => undefined)
      this.channel?.postMessage(null)
      await this.changed()
      if (decision !== 'denied' && !this.isKnown) await this.refresh()
    }
    return this.decision ?? this.directory?.workspace?.usual.consent ?? 'ask'
  }

  /** Ask the server, now and from time to time; `always`: what is known counts as news. */
  async refresh(always = false): Promise<void> {
    clearTimeout(this.refreshing)
    await this.options.guarded.wait(async () => {
      // who said no is left alone, and asks for nothing
      if (this.decision === 'denied') return
      if (await this.directory?.refresh(this.told()) || always) await this.changed()
      for (const [program, { pull }] of Object.entries(this.directory?.workspace?.programs ?? {})) {
        if (pull) await this.options.pulled(program, pull)
      }
    })
    if (this.directory && !this.stopped) {
      this.refreshing = setTimeout(() => void this.refreshWhenSeen(), REFRESH * (1 + Math.random() / 5))
    }
  }

  /** The page is seen again. */
  async refreshIfOld(): Promise<void> {
    if (this.directory?.isOld) await this.refresh()
  }

  /** Something is missing that the server may know; undefined: it was asked a moment ago, or does not answer. */
  async renew(): Promise<boolean | undefined> {
    if (this.decision === 'denied') return undefined
    const news = await this.directory?.renew(this.told())
    if (news) await this.changed()
    return news
  }

  /** The write key is not known to the server any more. */
  async renewKey(program: string): Promise<'new' | 'same' | undefined> {
    const before = this.writeKey(program)
    if (await this.renew() === undefined) return undefined
    return this.writeKey(program) === before ? 'same' : 'new'
  }

  private async refreshWhenSeen(): Promise<void> {
    if (document.visibilityState !== 'hidden') return this.refresh()
    this.refreshing = setTimeout(() => void this.refreshWhenSeen(), REFRESH)
  }

  /** The device's name, once it may be told. */
  private told(): string | undefined {
    return (this.decision ?? this.directory?.workspace?.usual.consent) === 'granted' ? this.device : undefined
  }

  /** Another page of this phone has changed something. */
  private async reread(): Promise<void> {
    this.decision = await (await this.options.around.values).get<Consent>(CONSENT)
    await this.changed()
  }

  private async changed(): Promise<void> {
    this.masks.clear()
    const denied = (program: string): boolean => this.consentFor(program) === 'denied'
    await this.options.changed(this.decision === 'denied' || this.anyDenied() ? denied : undefined)
  }

  private anyDenied(): boolean {
    const { usual, programs = {} } = this.directory?.workspace ?? {}
    return this.decision === undefined
      && (usual?.consent === 'denied' || Object.values(programs).some(({ switches }) => switches.consent === 'denied'))
  }
}
