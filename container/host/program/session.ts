/** One mini program in the phone: from its address to a running frame, its calls, and its end. */
import { Budget, callId, checkFrameMessage, type Verdict } from '../../bridge/check'
import type {
  Boot,
  FrameMessage,
  HostEventName,
  LaunchOptions,
  Notice,
  PackageFiles,
  WireObject,
} from '../../bridge/messages'
import { kept } from '../capabilities'
import { CapabilityError, type HostCall, type PhoneControl, type Program, type Services } from '../capabilities/types'
import type { Happening } from '../collect/happenings'
import { askedBy } from '../collect/asked'
import type { Frame } from '../frame/frame'
import { programPolicy, reachableDomains, type DomainPolicy } from '../frame/policy'
import type { Network } from '../network'
import type { Manifest, PackageEntry } from '../package/manifest'
import type { PackageSource, Progress } from '../package/source'
import type { Prompter } from '../prompt'
import type { Gateway } from '../rpc/gateway'
import type { ValueStores } from '../store/values'
import { Heartbeat } from '../watchdog'
import { answerCall, ANSWERED_CALLS, type Answer, type CallSurroundings } from './calls'
import { Inspector } from './inspector'
import { Permissions } from './permissions'
import { QuotaStore } from './quota'
import { openWebView } from './web-view'

/** WeChat's bound for wx.setStorage, in KB. */
const STORAGE_LIMIT_KB = 10 * 1024

export type RouteStack = Extract<Notice, { kind: 'route' }>['stack']

/** What a session needs from the phone around it. */
export interface Surroundings {
  source: PackageSource
  stores: Promise<ValueStores>
  services: Services
  gateway: Gateway | undefined
  network: Network
  policy: DomainPolicy
  prompter: Prompter
  phone: PhoneControl
  hangLimit: number
  chunk(name: string): Promise<string>
  scopeTitle(scope: string): string
  /** what every Boot has in common */
  boot(): Pick<Boot, 'system' | 'mode' | 'locale'>
  notice(notice: Notice): void
  /** for those who collect */
  observe(happening: Happening): void
  /** what the frame shall measure for them */
  frameKinds(): string[] | undefined
  /** wx.reportEvent and the like */
  report(detail: WireObject): void
  /** start this program anew */
  restart(): void
  /** a flood, bad messages, a navigation: the program must be stopped */
  stop(reason: 'flood' | 'messages' | 'left', detail: string): void
  internal(where: string, error: unknown): void
}

export class Session {
  manifest: Manifest | undefined
  frame: Frame | undefined
  permissions: Permissions | undefined
  inspector: Inspector | undefined
  /** bottom to top, as last told by the frame */
  stack: RouteStack = []
  painted = false
  /** when Boot was posted, ms */
  booted: number | undefined
  /** the version came from an earlier start, an update may exist */
  kept = false
  /** which track the version is of; none: as the phone's mode says */
  track: 'trial' | 'release' | undefined
  /** the release that brought it */
  release: string | undefined
  /** a newer version is installed and runs from the next start */
  updated = false
  readonly heartbeat: Heartbeat
  readonly loaded = new Set<string>()
  private readonly budget = new Budget()
  private readonly abort = new AbortController()
  private calls: CallSurroundings | undefined

  constructor(readonly url: string, readonly around: Surroundings) {
    this.heartbeat = new Heartbeat(around.hangLimit)
  }

  get ended(): boolean { return this.abort.signal.aborted }
  get appId(): string { return this.manifest?.appId ?? '' }

  /** Verified files of the packages that this page needs. */
  async install(manifest: Manifest, path: string, progress: Progress): Promise<{ [name: string]: PackageFiles }> {
    this.manifest = manifest
    const entries = startPackages(manifest, path, this.around.boot().mode === 'check')
    const total = entries.reduce((sum, entry) => sum + entry.size, 0)
    const loaded = new Map<string, number>()
    const from = performance.now()
    let downloaded = from
    const files = await Promise.all(entries.map((entry) => this.around.source.files(this.url, entry, (bytes) => {
      downloaded = performance.now()
      loaded.set(entry.name, bytes)
      progress([...loaded.values()].reduce((sum, one) => sum + one, 0), total)
    })))
    this.around.observe({ what: 'phase', name: 'download', ms: downloaded - from })
    this.around.observe({ what: 'phase', name: 'verify', ms: performance.now() - downloaded })
    entries.forEach(({ name }) => this.loaded.add(name))
    return Object.fromEntries(entries.map(({ name }, index) => [name, files[index]!]))
  }

  /** Hand the program to a frame. */
  async boot(frame: Frame, packages: { [name: string]: PackageFiles }, launch: LaunchOptions): Promise<void> {
    const { around } = this
    const manifest = this.manifest!
    this.frame = frame
    const area = `${around.source.area(this.url)} ${manifest.appId}`
    const stores = await around.stores
    const store = new QuotaStore(stores.area(`program ${area}`))
    const [permissions, values] = await Promise.all([
      Permissions.load(stores.area(`permissions ${area}`)),
      kept(store),
      frame.narrow(programPolicy(manifest.domains, around.policy)),
    ])
    if (this.ended) return
    this.permissions = permissions
    this.inspector = new Inspector(store, permissions, this.loaded)
    permissions.onChange = (authSetting) => this.emit('settings', { authSetting })
    this.calls = this.surroundings(manifest, store, stores)
    frame.onMessage = (data) => this.receive(data)
    frame.onLeft = () => around.stop('left', '')
    this.booted = performance.now()
    const collect = around.frameKinds()
    const transfer = Object.values(packages).flatMap((files) => Object.values(files))
    frame.post({
      kind: 'boot', ...around.boot(), ...(this.track && { mode: this.track }), ...values,
      appId: manifest.appId, manifest: manifest.json, packages, launch,
      storageLimitKB: STORAGE_LIMIT_KB, authSetting: permissions.all(), network: around.network.status(),
      capabilities: [...ANSWERED_CALLS], ...(collect && { collect }),
    }, transfer)
    around.observe({ what: 'booted' })
  }

  private surroundings(manifest: Manifest, store: QuotaStore, stores: ValueStores): CallSurroundings {
    const { around } = this
    const program: Program = {
      appId: manifest.appId, name: manifest.name, manifest: manifest.json,
      domains: reachableDomains(manifest, around.policy) as Program['domains'],
    }
    const surroundings: Omit<HostCall, 'name' | 'args'> = {
      program, store, prompt: around.prompter, profile: stores.area('profile'), services: around.services,
      gateway: around.gateway, phone: around.phone, session: this, signal: this.abort.signal, locale: around.boot().locale,
      authorize: (scope) => this.authorize(scope),
      emit: (name, detail, transfer) => this.emit(name, detail, transfer),
    }
    return {
      own: {
        loadPackage: (args) => this.loadPackage(args),
        loadChunk: (args) => this.loadChunk(args),
        openWebView: async (args) => {
          openWebView(args, { domains: manifest.domains, policy: around.policy }, around.prompter, () =>
            this.emit('back', {}),
          )
          return { value: {} }
        },
        applyUpdate: () => this.applyUpdate(),
        report: async (args) => { around.report(args); return { value: {} } },
      },
      domains: manifest.domains, operations: manifest.operations, policy: around.policy, network: around.network, surroundings,
      internal: (name, error) => around.internal(name, error),
    }
  }

  async authorize(scope: string): Promise<void> {
    const { prompter, scopeTitle } = this.around
    const reason = this.manifest!.permissions.find(({ name }) => name === scope)?.reason ?? ''
    await this.permissions!.authorize(scope, scopeTitle(scope), reason, prompter)
  }

  private async loadPackage({ name }: WireObject): Promise<Answer> {
    const entry = this.manifest!.packages.find((one) => one.name === name && one.name !== 'maps')
    if (!entry) throw new CapabilityError(`package ${String(name)} not found`)
    try {
      const files = await this.around.source.files(this.url, entry)
      this.loaded.add(entry.name)
      return { value: { files }, transfer: Object.values(files) }
    } catch (error) {
      throw new CapabilityError(error instanceof Error ? error.message : 'download failed')
    }
  }

  private async loadChunk({ name }: WireObject): Promise<Answer> {
    if (typeof name !== 'string' || !/^[a-z0-9-]{1,60}$/.test(name)) throw new CapabilityError('no such chunk')
    try {
      return { value: { text: await this.around.chunk(name) } }
    } catch {
      throw new CapabilityError(`chunk ${name} could not be loaded`)
    }
  }

  /** Only when an update was announced. */
  private async applyUpdate(): Promise<Answer> {
    if (!this.updated) throw new CapabilityError('update is not ready')
    this.around.restart()
    return { value: {} }
  }

  // ---- messages ----------------------------------------------------------------------------------------------

  private receive(data: unknown): void {
    if (this.ended) return
    const now = performance.now()
    const arrival = this.budget.arrive(now)
    if (arrival !== 'pass') return this.turnAway(arrival, data)
    const checked = checkFrameMessage(data)
    if (!checked.ok) return this.turnAway(this.budget.refuse(), data, checked.reason)
    const verdict = this.budget.accept(checked.message, checked.bytes, now)
    if (verdict !== 'pass') return this.turnAway(verdict, data)
    this.accept(checked.message)
  }

  private turnAway(verdict: Verdict, data: unknown, malformed?: string): void {
    if (verdict === 'stop') {
      return malformed ? this.around.stop('messages', malformed) : this.around.stop('flood', '')
    }
    const id = callId(data)
    if (id !== undefined) this.frame?.post({ kind: 'reply', id, error: { reason: malformed ?? 'too many calls' } })
    if (malformed) this.around.internal('message', new Error(malformed))
  }

  private accept(message: FrameMessage): void {
    switch (message.kind) {
      case 'call': {
        this.budget.outstanding++
        const from = performance.now()
        void answerCall(message, this.calls!).then(({ reply, transfer }) => {
          this.budget.outstanding--
          const asked = askedBy(message, reply, performance.now() - from)
          if (asked) this.around.observe({ what: 'asked', asked })
          if (this.ended) return
          try {
            this.frame?.post(reply, transfer)
          } catch (error) {
            // A capability answered with something that cannot be cloned.
            this.around.internal(message.name, error)
            this.frame?.post({ kind: 'reply', id: message.id, error: { reason: 'internal error' } })
          }
        })
        return
      }
      case 'pong':
        return this.heartbeat.pong(message.seq)
      case 'route':
        this.stack = message.stack
        break
      case 'painted':
        this.painted = true
        break
      case 'log': {
        const dropped = this.budget.takeDroppedLogs()
        if (dropped > 0) this.around.notice({ kind: 'log', level: 'warn', args: [`${dropped} log lines were dropped`] })
        break
      }
    }
    this.around.notice(message)
  }

  emit(name: HostEventName, detail: WireObject, transfer?: Transferable[]): void {
    if (!this.ended) this.frame?.post({ kind: 'event', name, detail }, transfer)
  }

  /** Once per tick while visible; true: hung. */
  beat(now: number): boolean {
    if (this.booted === undefined || this.ended) return false
    const seq = this.heartbeat.tick(now)
    if (seq === 'hung') return true
    this.frame?.post({ kind: 'ping', seq })
    return false
  }

  end(): void {
    if (this.ended) return
    this.abort.abort()
    this.frame?.destroy()
  }
}

/**
 * An independent subpackage starts alone; every other page needs main, and its subpackage. So does a check, where
 * each page stands for one that was reached from another.
 */
export function startPackages(manifest: Manifest, path: string, check = false): PackageEntry[] {
  const page = path.replace(/^\//, '')
  const main = manifest.packages[0]!
  const own = manifest.packages.find(
    ({ name, root }) => name !== 'main' && name !== 'maps' && root !== '' && page.startsWith(`${root}/`),
  )
  if (!own) return [main]
  return own.independent && !check ? [own] : [main, own]
}
