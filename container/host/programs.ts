/**
 * The programs of a phone: one in front, up to three in the background; how they start, change places, fail and end.
 */
import type { LaunchOptions, Notice, SystemInfo, WireObject } from '../bridge/messages'
import type { Services } from './capabilities/types'
import { SheetPrompter } from './chrome/prompter'
import { programIcon, type Screen } from './chrome/screen'
import { scopeTitle, type Words } from './chrome/strings'
import type { Happening, ProgramVersion } from './collect/happenings'
import type { ContainerFiles } from './container-files'
import type { Fault, HostEvents } from './events'
import type { Frame } from './frame/frame'
import type { FramePool } from './frame/pool'
import type { DomainPolicy } from './frame/policy'
import type { SecureKeyboard } from './keyboard/keyboard'
import type { Network } from './network'
import { SCENE_BACK_FROM_PROGRAM, SCENE_DEFAULT, type HostOptions } from './options'
import { PackageError } from './package/error'
import type { Manifest } from './package/manifest'
import type { PackageSource } from './package/source'
import { phoneControl } from './phone-control'
import { Look } from './program/look'
import { Session } from './program/session'
import { Recent } from './recent'
import type { Gateway } from './rpc/gateway'
import type { ValueStores } from './store/values'
import { HANG_LIMIT, HANG_LIMIT_DEVELOP } from './watchdog'

/** After an error before the first page, the page may still come; then the start counts as failed. */
const PATIENCE_AFTER_ERROR = 3000
/** Without a page and without an error the loading screen gives way to whatever the program shows. */
const LOADING_LIMIT = 10_000
/** Chromium keeps an emptied process for two seconds for reuse; a new frame must not land in the hung one. */
const REST_AFTER_HANG = 3000
/** The next start's frame is made when this one's first page has had time to settle. */
const WARM_DELAY = 300

/** A program with what the phone keeps beside it. */
export interface Running {
  session: Session
  prompter: SheetPrompter
  look: Look
  launch: LaunchOptions
  /** who opened it by wx.navigateToMiniProgram */
  opener: Running | undefined
  /** its pages may be shared from the menu */
  shareable: boolean
  /** where its start is: `tried` from just before the frame has it until its source was told how it went */
  start: 'loading' | 'tried' | 'over'
  timer: ReturnType<typeof setTimeout> | undefined
}

/** The phone around the programs. */
export interface Phone {
  readonly options: HostOptions
  readonly policy: DomainPolicy
  readonly say: Words
  readonly screen: Screen
  readonly pool: FramePool
  /** where the program at this address comes from */
  source(url: string): PackageSource
  /** where the server that this phone follows has a program; undefined without such a server */
  programAddress(key: string): string | undefined
  /** the key of the program that is there; undefined: it is no program of that server */
  programKey(url: string): string | undefined
  readonly files: ContainerFiles
  readonly network: Network
  readonly services: Services
  readonly gateway: Gateway | undefined
  readonly keyboard: SecureKeyboard | undefined
  readonly stores: Promise<ValueStores>
  system(): SystemInfo
  openSettings(running: Running): Promise<void>
  /** for those who collect (docs/observe.md) */
  observe(session: Session, happening: Happening): void
  frameKinds(url: string): string[] | undefined
  dispatch<K extends keyof HostEvents>(name: K, detail: HostEvents[K], program: { appId: string; url: string }): void
}

export interface LaunchFlags {
  opener?: Running | undefined
  /** refuse a package of another program */
  appId?: string | undefined
  /** a new frame and the newest package */
  fresh?: boolean | undefined
}

export class Programs {
  front: Running | undefined
  private readonly recent = new Recent<Running>()
  /** addresses of programs that were started since this page was loaded */
  private readonly launched = new Set<string>()

  constructor(private readonly phone: Phone) {}

  /** All that are alive or show their fault, the one in front first. */
  all(): Running[] { return [...(this.front ? [this.front] : []), ...this.recent.all()] }

  // ---- starting --------------------------------------------------------------------------------------------------

  /** Start the program at `url`, or bring it to the front. Never rejects: faults are shown. */
  async launch(url: string, launch: LaunchOptions, { opener, appId, fresh }: LaunchFlags = {}): Promise<void> {
    const known = this.all().find(({ session }) => session.url === url && !session.ended)
    if (known && !fresh) {
      known.opener = opener ?? known.opener
      return this.bringToFront(known, launch)
    }
    if (known) this.end(known)
    const running = this.create(url, launch, opener)
    this.observe(running, { what: 'launch', again: this.launched.has(url), scene: launch.scene })
    this.launched.add(url)
    this.putInFront(running)
    this.phone.screen.showLoading('', programIcon('', undefined))
    this.showTextStyle()
    try {
      await this.start(running, appId, fresh === true)
    } catch (error) {
      if (running.session.ended) return
      if (error instanceof PackageError) {
        this.crash(running, error.fault, error.message, error.explain?.(this.phone.options.locale ?? 'zh_CN'))
      } else this.crash(running, 'start', error instanceof Error ? error.message : String(error))
    }
  }

  private async start(running: Running, appId: string | undefined, fresh: boolean): Promise<void> {
    const { session, launch } = running
    const { pool, options, screen } = this.phone
    const { source } = session.around
    const taken = pool.take()
    taken.catch(() => undefined)
    const develop = options.mode === 'develop' || options.mode === 'check'
    const asked = performance.now()
    const { manifest, kept, track, release } = await source.manifest(session.url, fresh || develop ? 'fresh' : 'kept')
    this.observe(running, { what: 'phase', name: 'check', ms: performance.now() - asked })
    if (appId !== undefined && manifest.appId !== appId) {
      throw new PackageError('manifest', 'manifest.json', `is of ${manifest.appId}, not of ${appId}`)
    }
    session.kept = kept
    session.track = track
    session.release = release
    session.manifest = manifest
    this.observe(running, { what: 'known', version: this.versionOf(session) })
    if (manifest.json.h5) return this.handOver(running, manifest, taken)
    const progress = this.front === running ? screen.showLoading(manifest.name, this.icon(running)) : () => {}
    const packages = await session.install(manifest, launch.path, (done, total) => progress(done / total))
    Object.values(packages).forEach((files) => running.look.learn(files))
    const installed = performance.now()
    const frame = await taken
    if (session.ended) return frame.destroy()
    running.start = 'tried'
    await source.starting?.(session.url, manifest)
    if (session.ended) return frame.destroy()
    frame.element.classList.remove('spare')
    frame.element.classList.toggle('back', this.front !== running)
    frame.element.title = manifest.name
    await session.boot(frame, packages, launch)
    this.observe(running, { what: 'phase', name: 'boot', ms: performance.now() - installed })
    if (session.ended) return
    source.booted?.(session.url, manifest)
    void source.keep(session.url, manifest)
    running.timer = setTimeout(() => this.settle(running), LOADING_LIMIT)
    // The person may have left while it was loading.
    if (this.front !== running) session.emit('hide', {})
  }

  /** A web application is shown by the embedding page, which tells the source how its start went. */
  private handOver(running: Running, manifest: Manifest, frame: Promise<Frame>): void {
    const { session } = running
    const { options: { web }, pool } = this.phone
    frame.then((unused) => unused.destroy(), () => undefined)
    pool.warm(WARM_DELAY)
    if (session.ended) return
    // the person may have left while it was loading
    if (this.front !== running) return this.remove(running)
    if (!web) throw new PackageError('manifest', manifest.name, 'is a web application, which this page does not show')
    this.remove(running)
    this.showDesk()
    web(session.url, manifest, (happening) => this.observe(running, happening))
  }

  private create(url: string, launch: LaunchOptions, opener: Running | undefined): Running {
    const { phone } = this
    const { options } = phone
    const prompter: SheetPrompter = new SheetPrompter(phone.screen.sheets, phone.say, options.prompts ?? 'ask', {
      name: () => running.session.manifest?.name ?? '',
      icon: () => this.icon(running),
      onAsk: (question) => this.tell(running, 'prompt', question),
    })
    const session: Session = new Session(url, {
      source: phone.source(url), stores: phone.stores, services: phone.services, gateway: phone.gateway, network: phone.network,
      policy: phone.policy, prompter, hangLimit: this.hangLimit,
      phone: phoneControl(() => running, this, phone),
      chunk: (name) => phone.files.chunk(name),
      scopeTitle: (scope) => scopeTitle(phone.say, scope),
      boot: () => ({ system: phone.system(), mode: options.mode ?? 'release', locale: options.locale ?? 'zh_CN' }),
      notice: (notice) => this.receive(running, notice),
      observe: (happening) => this.observe(running, happening),
      frameKinds: () => phone.frameKinds(url),
      report: (report) => {
        this.observe(running, { what: 'report', report })
        this.tell(running, 'report', { report })
      },
      restart: () => void this.restart(running),
      stop: (fault, detail) => this.crash(running, fault, detail),
      internal: (where, error) => this.tell(running, 'internal', { where, error }),
    })
    const running: Running = {
      session, prompter, look: new Look(), launch, opener, shareable: true, start: 'loading', timer: undefined,
    }
    return running
  }

  icon({ session }: Running): HTMLElement {
    const icon = session.manifest?.icon
    const shown = icon?.startsWith('https:') || icon?.startsWith('data:image/') ? icon : undefined
    return programIcon(session.manifest?.name ?? '', shown)
  }

  private receive(running: Running, notice: Notice): void {
    const { session } = running
    const { kind, ...detail } = notice
    switch (kind) {
      case 'painted':
        if (running.start === 'tried') this.reached(running, (detail as HostEvents['painted']).fault)
        this.settle(running)
        break
      case 'route':
        this.showTextStyle()
        break
      case 'error':
        session.around.source.erred?.(session.url, session.manifest!, (detail as HostEvents['error']).message)
        if (!running.session.painted && this.front === running && this.phone.screen.covered === 'loading') {
          clearTimeout(running.timer)
          const { message } = detail as HostEvents['error']
          running.timer = setTimeout(() => this.failedStart(running, message), PATIENCE_AFTER_ERROR)
        }
        break
      case 'loaded':
      case 'pong':
        return
    }
    this.observe(running, { what: 'notice', notice })
    if (kind !== 'observed') this.tell(running, kind, detail as HostEvents[typeof kind])
  }

  /** The first page is there, with or without a fault: its source hears of the start. */
  private reached(running: Running, fault: string | undefined): void {
    const { url, manifest, around: { source } } = running.session
    running.start = 'over'
    if (fault === undefined) source.painted?.(url, manifest!)
    else void this.fallBack(running, source.spoiled?.(url, manifest!, fault))
  }

  /** The first page is there: away with the loading screen; now there is time for the next start. */
  private settle(running: Running): void {
    const { screen, pool } = this.phone
    clearTimeout(running.timer)
    if (running === this.front && screen.covered === 'loading') screen.uncover()
    this.showTextStyle()
    pool.warm(WARM_DELAY)
    if (running.session.kept) {
      running.session.kept = false
      void this.update(running)
    }
  }

  private failedStart(running: Running, message: string): void {
    if (running.session.painted || running.session.ended) return
    // A page was shown before its paint was told: the program is up, with an error.
    if (running.session.stack.length > 0) return this.settle(running)
    this.crash(running, 'start', message)
  }

  private async update(running: Running): Promise<void> {
    const { session } = running
    try {
      const manifest = await session.around.source.update(session.url, session.manifest!, [...session.loaded])
      if (manifest) this.announce(running, manifest)
    } catch {
      // Offline, or an update that is damaged: the version that runs goes on.
      if (this.phone.network.status().isConnected) session.emit('updateFailed', {})
    }
  }

  /** A source has found a newer version by itself. */
  updateReady(url: string, manifest: Manifest): void {
    const running = this.all().find(({ session }) => session.url === url)
    if (running && running.session.manifest?.version.code !== manifest.version.code) this.announce(running, manifest)
    // a web application runs elsewhere: who shows it knows whether it does
    if (manifest.json.h5) this.phone.dispatch('update', { version: manifest.version.name }, { appId: manifest.appId, url })
  }

  /** A source could not install what it found. */
  updateFailed(url: string): void {
    this.all().find(({ session }) => session.url === url)?.session.emit('updateFailed', {})
  }

  private announce(running: Running, manifest: Manifest): void {
    const { session } = running
    if (session.ended) return
    session.updated = true
    session.emit('updateReady', {})
    this.tell(running, 'update', { version: manifest.version.name })
  }

  async restart(running: Running, place: Partial<LaunchOptions> = {}, fresh = false): Promise<void> {
    this.end(running)
    await this.launch(running.session.url, { ...running.launch, ...place }, { opener: running.opener, fresh })
  }

  // ---- front and background --------------------------------------------------------------------------------------

  private putInFront(running: Running): void {
    // First out of the background, so that the one that goes there does not push it out.
    this.recent.remove(running)
    if (this.front && this.front !== running) this.hide(this.front)
    this.front = running
    running.session.frame?.element.classList.remove('back')
    running.prompter.setVisible(true)
    this.phone.screen.uncover()
    this.tell(running, 'front', {})
  }

  private bringToFront(running: Running, launch: LaunchOptions): void {
    const { session } = running
    if (session.ended) return
    if (this.front !== running) {
      this.putInFront(running)
      if (!session.painted) this.phone.screen.showLoading(session.manifest?.name ?? '', this.icon(running))
    }
    session.heartbeat.rest()
    const { route: path, query } = session.stack.at(-1) ?? { route: '', query: {} }
    const place = launch.path === '' ? { path, query, reLaunch: false } : { reLaunch: true }
    session.emit('show', { ...launch, ...place } as unknown as WireObject)
    this.observeReturn(running, launch)
    this.showTextStyle()
  }

  private hide(running: Running): void {
    running.prompter.setVisible(false)
    if (running.session.ended) return
    running.session.emit('hide', {})
    this.observe(running, { what: 'hide' })
    running.session.heartbeat.rest()
    running.session.frame?.element.classList.add('back')
    for (const old of this.recent.push(running)) this.end(old)
  }

  /** The program in front goes to the background; its opener, or the desk, comes to the front. */
  leave(back: Partial<LaunchOptions> = {}): void {
    const running = this.front
    if (!running) return
    const { opener } = running
    if (opener && !opener.session.ended) {
      // Two programs that opened each other would otherwise never let go.
      running.opener = undefined
      const launch = { path: '', query: {}, scene: SCENE_BACK_FROM_PROGRAM, referrerInfo: {}, ...back }
      return this.bringToFront(opener, launch)
    }
    this.front = undefined
    this.hide(running)
    this.showDesk()
  }

  private showDesk(): void {
    const launch = { path: '', query: {}, scene: SCENE_DEFAULT, referrerInfo: {} }
    this.phone.screen.showDesk(
      this.recent
        .all()
        .map((running) => ({
          name: running.session.manifest?.name ?? '',
          icon: this.icon(running),
          run: () => this.bringToFront(running, launch),
        })),
    )
    this.showTextStyle()
    this.phone.dispatch('front', {}, { appId: '', url: '' })
  }

  end(running: Running): void {
    this.left(running)
    if (!running.session.ended) this.observe(running, { what: 'end' })
    this.remove(running)
  }

  /** A start that is given up without a fault of the program. */
  private left(running: Running): void {
    if (running.start !== 'tried') return
    running.start = 'over'
    const { url, manifest, around: { source } } = running.session
    source.left?.(url, manifest!)
  }

  private remove(running: Running): void {
    clearTimeout(running.timer)
    this.recent.remove(running)
    if (this.front === running) this.front = undefined
    running.session.end()
    running.prompter.end()
  }

  /** The colour of status bar and capsule follows what is under them: the page in front, or the phone's own. */
  showTextStyle(): void {
    const { screen } = this.phone
    const { theme } = this.phone.system()
    const running = this.front
    if (!running || screen.covered) return screen.setTextStyle(theme === 'dark' ? 'white' : 'black')
    const route = running.session.stack.at(-1)?.route ?? running.launch.path
    screen.setTextStyle(running.look.textStyle(route, theme))
  }

  // ---- faults ----------------------------------------------------------------------------------------------------

  private get hangLimit(): number {
    const { hangLimit, mode } = this.phone.options
    return hangLimit ?? (mode === 'develop' ? HANG_LIMIT_DEVELOP : HANG_LIMIT)
  }

  /** Once per tick. */
  beat(): void {
    const running = this.front
    const { hangLimit } = this
    if (!running || hangLimit === 0) return
    if (document.hidden) return running.session.heartbeat.rest()
    if (running.session.beat(performance.now())) {
      this.crash(running, 'hung', `${hangLimit / 1000} s, ${running.session.stack.at(-1)?.route ?? ''}`)
    }
  }

  /** Stop a program and say why. */
  private crash(running: Running, fault: Fault, message: string, text?: string): void {
    if (running.session.ended) return
    const inFront = this.front === running
    const { session } = running
    this.remove(running)
    if (fault === 'hung') {
      // Browsers may run all sandboxed frames of a page in one process: those of the background are stuck as well.
      for (const other of this.all()) this.end(other)
      this.phone.pool.rest(REST_AFTER_HANG)
    } else {
      this.phone.pool.warm(WARM_DELAY)
    }
    this.observe(running, { what: 'crash', fault, message })
    this.tell(running, 'crash', { fault, message })
    if (inFront) this.showFault(running, fault, message, text)
    if (session.booted === undefined) return this.left(running)
    running.start = 'over'
    const told = { reason: `${fault}: ${message}`, painted: session.painted }
    void this.fallBack(running, session.around.source.crashed?.(session.url, session.manifest!, told))
  }

  /** A source that has another version of a program that does not start as it should gives it now. */
  private async fallBack(running: Running, another: Promise<boolean> | undefined): Promise<void> {
    // unless the person has done something about it meanwhile
    if (await another?.catch(() => false) && this.front === running) await this.restart(running)
  }

  private showFault(running: Running, fault: Fault, message: string, text?: string): void {
    const { say, screen } = this.phone
    const { session } = running
    this.front = running
    screen.showFault({
      title: say(`${fault}Title`),
      text: text ?? say(`${fault}Text`, { name: session.manifest?.name ?? session.url }),
      detail: message,
      actions: [
        { label: say(session.booted === undefined ? 'retry' : 'restart'), run: () => void this.restart(running) },
        { label: say('close'), run: () => { this.front = undefined; this.showDesk() } },
      ],
    })
    this.showTextStyle()
  }

  // ---- for those who collect -------------------------------------------------------------------------------------

  private observe({ session }: Running, happening: Happening): void { this.phone.observe(session, happening) }

  private versionOf({ url, manifest, release, track }: Session): ProgramVersion {
    const { appId, version: { name, code } } = manifest!
    return {
      key: this.phone.programKey(url) ?? appId, version: name, code, ...(release !== undefined && { release }),
      ...(track === 'trial' && { trial: true }),
    }
  }

  /** It comes to the front again: how long until that is seen. */
  private observeReturn(running: Running, launch: LaunchOptions): void {
    const from = performance.now()
    if (!running.session.painted) return
    requestAnimationFrame(() => setTimeout(() => {
      if (running.session.ended) return
      const ms = performance.now() - from
      this.observe(running, { what: 'show', launch, elsewhere: launch.path !== '', ms })
    }))
  }

  private tell<K extends keyof HostEvents>({ session }: Running, name: K, detail: HostEvents[K]): void {
    this.phone.dispatch(name, detail, { appId: session.appId, url: session.url })
  }
}
