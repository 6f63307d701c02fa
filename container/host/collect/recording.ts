/**
 * From what happens to programs to batches on their way: the whole of collecting but for its first steps (collect.ts),
 * which is loaded when there is time. A bundle of its own (collect.js).
 */
import { randomHex } from '../updates/device'
import { Turns } from '../updates/turns'
import { Directory } from './directory'
import { Guarded } from './guarded'
import type { ProgramVersion, Timed } from './happenings'
import { Ids } from './ids'
import { KeptLog } from './kept-log'
import { Living } from './living'
import { Masks } from './masks'
import { Outbox } from './outbox'
import { asUuid, Pulls } from './pulls'
import { FRAME_KINDS, type Draft, type Head, type Kind, type ObservedRecord } from './records'
import { Sender } from './sender'
import { Session } from './sessions'
import type { Subject, Surroundings } from './surroundings'
import { buckets, parseSwitches, type Consent, type Switches } from './switches'
import { Trail, type Outlet } from './trail'

const CONSENT = 'consent'
const STARTED = 'started '
/** ms; what happened in this time is looked at together, when the browser then has nothing better to do, … */
const GATHER = 1500
/** … and not later than this */
const IDLE = 1000
/** ms from a record to the disk */
const SAVE = 5000
/** ms; so long the phone's description of itself is not made anew */
const HEAD_AGE = 5000
/** ms; the switches of a phone that says nothing, with jitter */
const REFRESH = 5 * 60_000

export class Recording {
  private readonly guarded: Guarded
  private readonly directory: Directory | undefined
  private readonly outbox: Outbox
  private readonly sender: Sender | undefined
  private readonly pulls: Pulls | undefined
  private readonly log: KeptLog
  private readonly living: Living
  private readonly turns: Turns
  private readonly channel: BroadcastChannel | undefined
  private readonly owner = randomHex(8)
  private readonly trails = new Map<Subject, Trail>()
  private readonly sessions = new Map<string, Session>()
  private readonly masks = new Map<string, Masks>()
  private readonly heads = new WeakMap<Subject, { head: Head; at: number; version: ProgramVersion | undefined }>()
  private readonly ids = new Ids()
  /** what the person said */
  private decision: Consent | undefined
  private device = ''
  private buckets: Awaited<ReturnType<typeof buckets>> | undefined
  private readonly usual = parseSwitches({})
  /** programs that were started here before */
  private readonly started = new Set<string>()
  private happened: [Subject, Timed][] = []
  private readonly ready: Promise<void>
  private isReady = false
  private draining = false
  private asked = false
  private saving: ReturnType<typeof setTimeout> | undefined
  private closing: ReturnType<typeof setTimeout> | undefined
  private refreshing: ReturnType<typeof setTimeout> | undefined
  private stopped = false
  private readonly seen = (): void => {
    if (document.visibilityState === 'hidden') this.hide()
    else this.unhide()
  }
  private readonly leaving = (): void => this.hide()
  private readonly online = (): void => this.sender?.wake()

  constructor(private readonly around: Surroundings) {
    const { server, fetch, values } = around
    const name = `eden collect ${server?.url ?? ''} ${server?.workspace ?? ''}`
    this.guarded = new Guarded(around.internal)
    this.living = new Living(name)
    this.turns = new Turns(name)
    this.log = new KeptLog(values, this.owner)
    this.outbox = new Outbox({
      values, owner: this.owner, now: Date.now, uuid: () => asUuid(randomHex(16)),
      bounds: (program) => {
        const { batch, seconds, bytes } = this.switches(program)
        return { batch, patience: seconds * 1000, bytes }
      },
    })
    if (server) {
      this.directory = new Directory({
        fetch, values, url: `${server.url}collect/${encodeURIComponent(server.workspace)}`, now: Date.now,
      })
      this.sender = new Sender({
        outbox: this.outbox, fetch, url: `${server.url}batch`, now: Date.now, random: Math.random,
        online: () => navigator.onLine,
        keyOf: (program) => (this.consentFor(program) === 'granted' ? this.writeKey(program) : undefined),
        extra: (program) => ({ collect: this.directory?.workspace?.revision, consent: this.consentFor(program) }),
        renewKey: async (program) => {
          const before = this.writeKey(program)
          await this.renew()
          const now = this.writeKey(program)
          return now !== undefined && now !== before
        },
        answered: (program, { pull, collect }) => {
          if (pull) void this.guarded.wait(() => this.pulls!.send(program, pull))
          if (collect !== undefined && collect !== this.directory?.workspace?.revision) void this.refresh()
        },
      })
      this.pulls = new Pulls({
        log: this.log, owner: this.owner, head: (program) => this.head(program), masks: (program) => this.masksOf(program),
        deliver: async (piece, extra) => this.writeKey(piece.program) !== undefined
          && this.consentFor(piece.program) === 'granted' && await this.sender!.deliver(piece, extra) === 'done',
      })
      this.channel = typeof BroadcastChannel === 'function' ? new BroadcastChannel(name) : undefined
      this.channel?.addEventListener('message', () => void this.guarded.wait(() => this.reread()))
    }
    document.addEventListener('visibilitychange', this.seen)
    window.addEventListener('pagehide', this.leaving)
    window.addEventListener('online', this.online)
    this.ready = this.guarded.wait(() => this.start()).then(() => {
      if (this.isReady) return
      // without a place for its records it is silent
      this.stopped = true
      this.happened = []
    })
  }

  /** Something happened to a program. Costs next to nothing: it is looked at later. */
  tell(of: Subject, happening: Timed): void {
    if (this.stopped || this.guarded.silent) return
    this.happened.push([of, happening])
    this.soon()
  }

  /** What counts; with a `decision`, from now on. */
  async consent(decision?: Consent): Promise<Consent> {
    await this.ready
    if (decision !== undefined) {
      this.decision = decision
      await (await this.around.values).write(new Map([[CONSENT, decision]])).catch(() => undefined)
      this.channel?.postMessage(null)
      await this.decided()
      if (decision !== 'denied' && !this.directory?.workspace) await this.refresh()
    }
    return this.decision ?? this.directory?.workspace?.usual.consent ?? 'ask'
  }

  /** What frames shall measure. */
  frameKinds(url: string): string[] {
    const program = this.keyOf(url)
    const { tapText } = this.switches(program)
    return [...FRAME_KINDS.filter((kind) => this.wants(program, kind)), ...(tapText ? ['tap_text'] : [])]
  }

  /** ms of the page's own time that collecting took. */
  get cost(): number { return this.guarded.spent }

  /** Everything that happened is on its way, or waits for a network, an answer or a decision. For tests and tools. */
  async settled(): Promise<void> {
    await this.ready
    this.drain()
    this.outbox.close(true)
    await Promise.all([this.outbox.save(), this.log.save()])
    await this.sender?.run()
  }

  stop(): void {
    this.hide()
    this.stopped = true
    for (const timer of [this.saving, this.closing, this.refreshing]) clearTimeout(timer)
    document.removeEventListener('visibilitychange', this.seen)
    window.removeEventListener('pagehide', this.leaving)
    window.removeEventListener('online', this.online)
    this.sender?.stop()
    this.channel?.close()
    void this.outbox.save().then(() => this.living.stop())
  }

  // ---- the beginning -----------------------------------------------------------------------------------------

  private async start(): Promise<void> {
    const { server } = this.around
    if (server) {
      const values = await this.around.values
      const [device, decision, started] = await Promise.all([
        server.device, values.get<Consent>(CONSENT), values.entries(STARTED), this.directory!.load(), this.living.hold(this.owner),
      ])
      this.device = device
      this.decision = decision
      for (const [key] of started) this.started.add(key.slice(STARTED.length))
      this.buckets = await buckets(device)
      await this.turns.take(async () => {
        const alive = await this.living.look()
        await this.outbox.adopt((owner, begun) => alive(owner, Date.now() - begun))
      })
    }
    const refreshed = server ? this.refresh(true) : undefined
    // a phone that has never heard what its workspace wishes does not guess, if it can be told
    if (!this.directory?.workspace) await refreshed
    this.isReady = true
    this.around.switched()
    this.soon()
  }

  private async refresh(always = false): Promise<void> {
    clearTimeout(this.refreshing)
    await this.guarded.wait(async () => {
      // who said no is left alone, and asks for nothing
      if (this.decision === 'denied') return
      if (await this.directory!.refresh(this.told()) || always) await this.decided()
      if (this.directory!.workspace?.pull) await this.offer()
    })
    if (!this.stopped) this.refreshing = setTimeout(() => void this.refreshWhenSeen(), REFRESH * (1 + Math.random() / 5))
  }

  private async refreshWhenSeen(): Promise<void> {
    if (document.visibilityState !== 'hidden') return this.refresh()
    this.refreshing = setTimeout(() => void this.refreshWhenSeen(), REFRESH)
  }

  private async renew(): Promise<void> {
    if (this.decision !== 'denied' && await this.directory!.renew(this.told())) await this.decided()
  }

  /** The device's name, once it may be told. */
  private told(): string | undefined {
    return (this.decision ?? this.directory!.workspace?.usual.consent) === 'granted' ? this.device : undefined
  }

  /** Another page of this phone has changed something. */
  private async reread(): Promise<void> {
    this.decision = await (await this.around.values).get<Consent>(CONSENT)
    await this.decided()
  }

  /** Switches or consent are new. */
  private async decided(): Promise<void> {
    this.masks.clear()
    this.around.switched()
    const denied = (program: string): boolean => this.consentFor(program) === 'denied'
    if (this.decision === 'denied' || this.anyDenied()) {
      await this.outbox.clear(denied)
      await this.log.clear(denied)
    }
    this.sender?.wake()
  }

  private anyDenied(): boolean {
    const { usual, programs } = this.directory?.workspace ?? { programs: {} }
    return this.decision === undefined
      && (usual?.consent === 'denied' || Object.values(programs).some(({ switches }) => switches.consent === 'denied'))
  }

  /** Somebody wants a log of this phone: an empty batch of each program asks whose. */
  private async offer(): Promise<void> {
    for (const program of new Set([...this.started, ...await this.log.programs()])) {
      if (this.consentFor(program) !== 'granted' || this.writeKey(program) === undefined) continue
      const id = asUuid(randomHex(16))
      const head = this.head(program)
      await this.sender!.deliver({ id, owner: this.owner, program, head, lines: [], bytes: 0, begun: Date.now(), sealed: true })
    }
  }

  // ---- what counts for a program -----------------------------------------------------------------------------

  private keyOf(url: string): string { return this.around.server?.keyOf(url) ?? url }

  private switches(program?: string): Switches {
    const { workspace } = this.directory ?? {}
    return (program !== undefined ? workspace?.programs[program]?.switches : undefined) ?? workspace?.usual ?? this.usual
  }

  private writeKey(program: string): string | undefined { return this.directory?.workspace?.programs[program]?.writeKey }

  /** Before anything is known of the workspace's wishes, nothing leaves. */
  private consentFor(program: string): Consent {
    return this.decision ?? (this.directory?.workspace ? this.switches(program).consent : 'ask')
  }

  private wants(program: string, kind: Kind): boolean {
    if (!this.around.server) return true
    return this.consentFor(program) !== 'denied' && (this.buckets?.[kind] ?? 0) < this.switches(program).perMille[kind]
  }

  private masksOf(program: string): Masks {
    let masks = this.masks.get(program)
    if (!masks) this.masks.set(program, masks = new Masks(this.switches(program).masks))
    return masks
  }

  private head(program: string, trail = [...this.trails.values()].find(({ version }) => version?.key === program)): Head {
    const { user_id: user, device_model: model, os_version: os, ...context } = this.around.context()
    const { platform, app_version, city, language, network, channel } = context
    const found = { platform, os, model, app_version, city, language, network, channel }
    const said = Object.fromEntries(Object.entries(found).filter(([, value]) => value)) as Head['context']
    const { version = '', code = 0, release, trial } = trail?.version ?? {}
    return {
      device: this.device, ...(user && { user }), context: said,
      program: { version, code, ...(release !== undefined && { release }), ...(trial && { track: 'trial' as const }) },
    }
  }

  /** The same object while it says the same. */
  private headOf(of: Subject, program: string): Head {
    const now = Date.now()
    const known = this.heads.get(of)
    const trail = this.trails.get(of)
    if (known && known.version === trail?.version && now - known.at < HEAD_AGE) return known.head
    const made = this.head(program, trail)
    const head = known && JSON.stringify(known.head) === JSON.stringify(made) ? known.head : made
    this.heads.set(of, { head, at: now, version: trail?.version })
    return head
  }

  // ---- from happenings to records ----------------------------------------------------------------------------

  private soon(): void {
    if (this.draining || !this.isReady) return
    this.draining = true
    const drain = (): void => {
      this.draining = false
      this.drain()
    }
    setTimeout(() => {
      if (typeof requestIdleCallback === 'function') requestIdleCallback(drain, { timeout: IDLE })
      else drain()
    }, GATHER)
  }

  private drain(): void {
    if (!this.isReady || this.happened.length === 0) return
    const happened = this.happened.splice(0)
    // what follows a fault is looked at all the same
    for (let from = 0; from < happened.length;) {
      this.guarded.run(() => {
        while (from < happened.length) this.take(...happened[from++]!)
      })
      if (this.guarded.silent) return
    }
    this.guarded.run(() => this.arm())
  }

  private take(of: Subject, happening: Timed): void {
    this.trailOf(of).take(happening)
    if (happening.what === 'end' || happening.what === 'crash') this.trails.delete(of)
  }

  private trailOf(of: Subject): Trail {
    let trail = this.trails.get(of)
    if (!trail) {
      const outlet: Outlet = {
        emit: (kind, draft, active) => this.emit(of, kind, draft, active),
        keep: (at, level, text) => {
          const program = this.keyOf(of.url)
          if (this.around.server && this.wants(program, 'log')) this.log.add(program, { at, level, text })
        },
        renew: (at) => void this.sessions.set(of.url, new Session(() => randomHex(8), at)),
        drop: () => this.outbox.drop(this.keyOf(of.url), 'rate'),
      }
      this.trails.set(of, trail = new Trail(outlet, () => this.isFirst(this.keyOf(of.url))))
    }
    return trail
  }

  private isFirst(program: string): boolean {
    if (this.started.has(program)) return false
    this.started.add(program)
    const write = async (): Promise<void> => (await this.around.values).write(new Map([[STARTED + program, true]]))
    void this.guarded.wait(write)
    return true
  }

  private emit(of: Subject, kind: Kind, draft: Draft, active: boolean): void {
    const program = this.around.server ? this.keyOf(of.url) : this.trails.get(of)?.version?.key ?? of.url
    let session = this.sessions.get(of.url)
    if (!session) this.sessions.set(of.url, session = new Session(() => randomHex(8), draft.at))
    const id = session.of(draft.at, active)
    if (!this.wants(program, kind)) return
    const record: ObservedRecord = { ...this.masksOf(program).value(draft), id: this.ids.next(), session: id }
    this.around.show?.(record, program)
    if (!this.around.server) return
    this.wonder(program)
    if (this.writeKey(program) === undefined) void this.guarded.wait(() => this.renew())
    const head = this.headOf(of, program)
    for (const [reason, value] of Object.entries(this.outbox.takeDrops(program))) {
      const dropped = { type: 'metric', name: '$dropped', kind: 'counter', at: draft.at, value, props: { reason } }
      this.outbox.add(program, head, JSON.stringify({ ...dropped, id: this.ids.next(), session: id }))
    }
    this.outbox.add(program, head, JSON.stringify(record))
  }

  /** Once: the workspace wants the person to be asked. */
  private wonder(program: string): void {
    if (this.asked || !this.directory?.workspace || this.consentFor(program) !== 'ask') return
    this.asked = true
    this.around.undecided()
  }

  /** See to it that what waits is written, and goes when it is time. */
  private arm(): void {
    if (!this.around.server || this.stopped) return
    this.saving ??= setTimeout(() => {
      this.saving = undefined
      void this.outbox.save()
      void this.log.save()
    }, SAVE)
    if (this.outbox.sealed.length) this.sender?.poke()
    const { due } = this.outbox
    if (due === undefined || this.closing !== undefined) return
    this.closing = setTimeout(() => {
      this.closing = undefined
      this.guarded.run(() => {
        this.outbox.close()
        this.arm()
      })
    }, Math.max(0, due - Date.now()))
  }

  // ---- out of sight ------------------------------------------------------------------------------------------

  private hide(): void {
    this.drain()
    this.guarded.run(() => {
      for (const trail of this.trails.values()) trail.pause(Date.now())
      this.outbox.close(true)
      this.sender?.leave()
    })
    void this.outbox.save()
    void this.log.save()
  }

  private unhide(): void {
    this.guarded.run(() => {
      for (const trail of this.trails.values()) trail.unpause(Date.now())
      this.arm()
    })
    // switches may have changed meanwhile, and somebody may wait for this phone's log
    if (this.directory?.isOld && this.isReady) void this.refresh()
  }
}

export function open(around: Surroundings): Recording { return new Recording(around) }
