/**
 * From what happens to programs to batches on their way: the whole of collecting but for its first steps (collect.ts),
 * which is loaded when there is time. A bundle of its own (collect.js).
 */
import { randomHex } from '../updates/device'
import { Turns } from '../updates/turns'
import { Guarded } from './guarded'
import type { ProgramVersion, Timed } from './happenings'
import { Ids } from './ids'
import { KeptLog } from './kept-log'
import { Living } from './living'
import { Outbox } from './outbox'
import { Policy } from './policy'
import { asUuid, Pulls } from './pulls'
import { FRAME_KINDS, type Draft, type Head, type Kind, type ObservedRecord } from './records'
import { Sender } from './sender'
import { Session } from './sessions'
import type { Subject, Surroundings } from './surroundings'
import type { Consent } from './switches'
import { Trail, type Outlet } from './trail'

const STARTED = 'started '
/** ms; what happened in this time is looked at together, when the browser then has nothing better to do, … */
const GATHER = 1500
/** … and not later than this */
const IDLE = 1000
/** ms from a record to the disk */
const SAVE = 5000
/** ms; so long the phone's description of itself is not made anew */
const HEAD_AGE = 5000

export class Recording {
  private readonly guarded: Guarded
  private readonly policy: Policy
  private readonly outbox: Outbox
  private readonly sender: Sender | undefined
  private readonly pulls: Pulls | undefined
  private readonly log: KeptLog
  private readonly living: Living
  private readonly turns: Turns
  private readonly owner = randomHex(8)
  private readonly trails = new Map<Subject, Trail>()
  private readonly sessions = new Map<string, Session>()
  private readonly heads = new WeakMap<Subject, { head: Head; at: number; version: ProgramVersion | undefined }>()
  private readonly ids = new Ids()
  /** programs that were started here before */
  private readonly started = new Set<string>()
  private happened: [Subject, Timed][] = []
  private readonly ready: Promise<void>
  private isReady = false
  private draining = false
  private asked = false
  private saving: ReturnType<typeof setTimeout> | undefined
  private closing: ReturnType<typeof setTimeout> | undefined
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
    this.log = new KeptLog(values, this.owner, this.turns)
    const policy = this.policy = new Policy({
      around, guarded: this.guarded, name, changed: (denied) => this.changed(denied),
      pulled: async (program, pull) => this.pulls?.send(program, pull),
    })
    this.outbox = new Outbox({
      values, owner: this.owner, now: Date.now, uuid: () => asUuid(randomHex(16)),
      bounds: (program) => {
        const { batch, seconds, bytes } = policy.switches(program)
        return { batch, patience: seconds * 1000, bytes }
      },
    })
    if (server) {
      this.sender = new Sender({
        outbox: this.outbox, fetch, url: `${server.url}batch`, now: Date.now, random: Math.random,
        online: () => navigator.onLine,
        keyOf: (program) => policy.sendingKey(program),
        extra: (program) => ({ collect: policy.revision, consent: policy.consentFor(program) }),
        renewKey: (program) => policy.renewKey(program),
        answered: (program, { pull, collect }) => {
          if (pull) void this.guarded.wait(() => this.pulls!.send(program, pull))
          if (collect !== undefined && collect !== policy.revision) void policy.refresh()
        },
      })
      this.pulls = new Pulls({
        log: this.log, owner: this.owner, head: (program) => this.head(program), masks: (program) => policy.masksOf(program),
        deliver: async (piece, extra) =>
          policy.sendingKey(piece.program) !== undefined && await this.sender!.deliver(piece, extra) === 'done',
      })
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
    return this.policy.consent(decision)
  }

  /** What frames shall measure. */
  frameKinds(url: string): string[] {
    const program = this.keyOf(url)
    const { tapText } = this.policy.switches(program)
    return [...FRAME_KINDS.filter((kind) => this.policy.wants(program, kind)), ...(tapText ? ['tap_text'] : [])]
  }

  /** ms of the page's own time that collecting took. */
  get cost(): number { return this.guarded.spent }

  /** Everything that happened is on its way, or waits for a network, an answer or a decision. For tests and tools. */
  async settled(): Promise<void> {
    await this.ready
    this.drain()
    this.outbox.close(true)
    await this.sender?.run()
    await Promise.all([this.outbox.save(), this.log.save()])
  }

  stop(): void {
    this.hide()
    this.stopped = true
    for (const timer of [this.saving, this.closing]) clearTimeout(timer)
    this.policy.stop()
    document.removeEventListener('visibilitychange', this.seen)
    window.removeEventListener('pagehide', this.leaving)
    window.removeEventListener('online', this.online)
    this.sender?.stop()
    void this.outbox.save().then(() => this.living.stop())
  }

  // ---- the beginning -----------------------------------------------------------------------------------------

  private async start(): Promise<void> {
    const { policy, around: { server } } = this
    if (server) {
      const values = await this.around.values
      const [started] = await Promise.all([values.entries(STARTED), policy.load(), this.living.hold(this.owner)])
      for (const [key] of started) this.started.add(key.slice(STARTED.length))
      await this.turns.take(async () => {
        const alive = await this.living.look()
        await this.outbox.adopt((owner, begun) => alive(owner, Date.now() - begun))
      })
    }
    const refreshed = server ? policy.refresh(true) : undefined
    // a phone that has never heard what its workspace wishes does not guess, if it can be told
    if (!policy.isKnown) await refreshed
    this.isReady = true
    this.around.switched()
    this.soon(0)
  }

  /** Switches or consent are new. */
  private async changed(denied: ((program: string) => boolean) | undefined): Promise<void> {
    this.around.switched()
    if (denied) {
      await this.outbox.clear(denied)
      await this.log.clear(denied)
    }
    this.sender?.wake()
  }

  private keyOf(url: string): string { return this.around.server?.keyOf(url) ?? url }

  // ---- who tells ---------------------------------------------------------------------------------------------

  private head(program: string, trail = [...this.trails.values()].find(({ version }) => version?.key === program)): Head {
    const { user_id: user, device_model: model, os_version: os, ...context } = this.around.context()
    const { platform, app_version, city, language, network, channel } = context
    const found = { platform, os, model, app_version, city, language, network, channel }
    const said = Object.fromEntries(Object.entries(found).filter(([, value]) => value)) as Head['context']
    const { version = '', code = 0, release, trial } = trail?.version ?? {}
    return {
      device: this.policy.device, ...(user && { user }), context: said,
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

  private soon(gather = GATHER): void {
    if (this.draining || !this.isReady) return
    this.draining = true
    const drain = (): void => {
      this.draining = false
      this.drain()
    }
    setTimeout(() => {
      if (typeof requestIdleCallback === 'function') requestIdleCallback(drain, { timeout: IDLE })
      else drain()
    }, gather)
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
          if (this.around.server && this.policy.wants(program, 'log')) this.log.add(program, { at, level, text })
        },
        renew: (at) => void this.sessions.set(of.url, new Session(() => randomHex(8), at)),
        drop: (count) => this.outbox.drop(this.keyOf(of.url), 'rate', count),
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
    if (!this.policy.wants(program, kind)) return
    const record: ObservedRecord = { ...this.policy.masksOf(program).record(draft), id: this.ids.next(), session: id }
    this.around.show?.(record, program)
    if (!this.around.server) return
    this.wonder(program)
    if (this.policy.writeKey(program) === undefined) void this.guarded.wait(async () => void await this.policy.renew())
    const head = this.headOf(of, program)
    for (const [reason, value] of Object.entries(this.outbox.takeDrops(program))) {
      const dropped = { type: 'metric', name: '$dropped', kind: 'counter', at: draft.at, value, props: { reason } }
      this.outbox.add(program, head, JSON.stringify({ ...dropped, id: this.ids.next(), session: id }))
    }
    // who opens a program is to be seen soon; what follows has time
    this.outbox.add(program, head, JSON.stringify(record), kind === 'launch')
  }

  /** Once: the workspace wants the person to be asked. */
  private wonder(program: string): void {
    if (this.asked || !this.policy.isKnown || this.policy.consentFor(program) !== 'ask') return
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
    if (this.isReady) void this.policy.refreshIfOld()
  }
}

export function open(around: Surroundings): Recording { return new Recording(around) }
