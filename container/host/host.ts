/**
 * A phone that runs mini programs. Any page embeds it:
 *
 *     const host = new EdenHost({ container, runtimeUrl: '/eden/runtime.js', policy: { domains: 'listed' } })
 *     await host.open('/packages/bank/', { path: 'pages/index/index' })
 *
 * One program is in front; up to three others wait in the background. Events: see events.ts.
 */
import type { LaunchOptions, Notice, SystemInfo, WireObject } from '../bridge/messages'
import { formatAddress, parseAddress } from './address'
import { browserFetch, fail, type PhoneControl, type Services } from './capabilities/types'
import { Menu } from './chrome/menu'
import { SheetPrompter } from './chrome/prompter'
import { programIcon, Screen } from './chrome/screen'
import { scopeTitle, words, type Words } from './chrome/strings'
import { ContainerFiles } from './container-files'
import type { Fault, HostEventDetail, HostEvents } from './events'
import { FramePool } from './frame/pool'
import { Network, UNTHROTTLED, type NetworkConditions } from './network'
import { SCENE_BACK_FROM_PROGRAM, SCENE_DEFAULT, SCENE_FROM_PROGRAM, systemInfo, type HostOptions, type OpenOptions } from './options'
import { PackageError } from './package/error'
import { Installer } from './package/installer'
import type { Inspector } from './program/inspector'
import { Look } from './program/look'
import { Session } from './program/session'
import { Recent } from './recent'
import { openByteStore } from './store/bytes'
import { openValueStores } from './store/values'
import { HANG_LIMIT, TICK } from './watchdog'

/** After an error before the first page, the page may still come; then the start counts as failed. */
const PATIENCE_AFTER_ERROR = 3000
/** Without a page and without an error the loading screen gives way to whatever the program shows. */
const LOADING_LIMIT = 10_000
/** Chromium keeps an emptied process for two seconds for reuse; a new frame must not land in the hung one. */
const REST_AFTER_HANG = 3000

/** A program with what the phone keeps beside it. */
interface Running {
  session: Session
  prompter: SheetPrompter
  look: Look
  launch: LaunchOptions
  /** who opened it by wx.navigateToMiniProgram */
  opener: Running | undefined
  /** its pages may be shared from the menu */
  shareable: boolean
  timer: ReturnType<typeof setTimeout> | undefined
}

export class EdenHost extends EventTarget {
  private readonly say: Words
  private readonly screen: Screen
  private readonly menu: Menu
  private readonly pool: FramePool
  private readonly installer: Installer
  private readonly files: ContainerFiles
  private readonly network = new Network()
  private readonly services: Services
  private readonly stores
  private readonly recent = new Recent<Running>()
  private front: Running | undefined
  private system: SystemInfo
  private theme: 'light' | 'dark'
  private readonly watchdog: ReturnType<typeof setInterval>
  private readonly observer: ResizeObserver
  private readonly online = (): void => this.networkChanged()

  constructor(private readonly options: HostOptions) {
    super()
    const bytes = openByteStore(options.storage)
    this.services = { fetch: browserFetch, ...options.services }
    const fetchOwn: typeof fetch = (...args) => globalThis.fetch(...args)
    this.say = words(options.locale ?? 'zh_CN')
    this.theme = options.theme ?? (window.matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')
    this.stores = openValueStores(options.storage === 'memory' ? 'memory' : 'lasting')
    this.installer = new Installer(bytes, fetchOwn)
    this.files = new ContainerFiles(bytes, fetchOwn, options)
    this.screen = new Screen(options.container, this.say, options.chrome ?? true, {
      menu: () => this.openMenu(), close: () => this.close(),
    })
    this.menu = new Menu(this.screen.sheets, this.say)
    this.system = this.measure()
    this.screen.layout(this.system)
    this.screen.setNetwork(this.network.status().networkType)
    this.pool = new FramePool(this.screen.stage, () => this.files.runtime(), this.domains)
    this.pool.warm()
    this.watchdog = setInterval(() => this.beat(), TICK)
    this.observer = new ResizeObserver(() => this.resize())
    this.observer.observe(options.container)
    window.addEventListener('online', this.online)
    window.addEventListener('offline', this.online)
  }

  private get domains(): 'listed' | 'any' { return this.options.policy?.domains ?? 'listed' }

  private measure(): SystemInfo {
    const { clientWidth: width, clientHeight: height } = this.options.container
    return systemInfo(this.options, { width, height }, this.theme)
  }

  // ---- the embedding page's side -------------------------------------------------------------------------------

  /**
   * Open the package at this address: start it, or bring it back from the background. Resolves when the program has
   * been handed to its frame, or its fault is shown; never rejects.
   */
  async open(packageUrl: string, options: OpenOptions = {}): Promise<void> {
    const { path, query } = parseAddress(options.path ?? '', options.query)
    const launch: LaunchOptions = { path, query, scene: options.scene ?? SCENE_DEFAULT, referrerInfo: {} }
    const url = new URL(packageUrl, document.baseURI).href
    await this.launch(url, launch, undefined, options.appId, options.fresh)
  }

  /** Leave the program in front, as the capsule's button does: it waits in the background. */
  close(): void {
    if (this.front) this.leave(this.front.opener && !this.front.opener.session.ended ? this.front.opener : undefined)
  }

  /** The phone's back button. */
  back(): void {
    if (this.screen.sheets.dismiss()) return
    if (this.front?.session.booted !== undefined && !this.front.session.ended) this.front.session.emit('back', {})
    else this.close()
  }

  /** To the first page of the program in front. */
  home(): void { this.front?.session.emit('home', {}) }

  /**
   * Start the program in front anew, with the newest package; at its current page when `keepStack` is set
   * (pages below it are opened again, their state is lost).
   */
  async reload(options: { keepStack?: boolean } = {}): Promise<void> {
    const running = this.front
    if (!running) return
    const stack = options.keepStack ? running.session.stack : []
    const bottom = stack[0]
    const launch = bottom ? { ...running.launch, path: bottom.route, query: bottom.query } : running.launch
    this.end(running)
    await this.launch(running.session.url, launch, running.opener, undefined, true)
    const urls = stack.slice(1).map(({ route: path, query }) => formatAddress({ path, query }))
    if (urls.length) this.front?.session.emit('devtools', { command: 'restore', urls })
  }

  setTheme(theme: 'light' | 'dark'): void {
    if (theme === this.theme) return
    this.theme = theme
    this.system = this.measure()
    this.screen.layout(this.system)
    this.showTextStyle()
    for (const { session } of this.running()) session.emit('theme', { theme })
  }

  /** The container has another size, or `system` other values. Called by itself when the container's size changes. */
  resize(system: Partial<SystemInfo> = {}): void {
    this.options.system = { ...this.options.system, ...system }
    const before = JSON.stringify(this.system)
    this.system = this.measure()
    if (JSON.stringify(this.system) === before) return
    this.screen.layout(this.system)
    for (const { session } of this.running()) session.emit('resize', { system: this.system as unknown as WireObject })
  }

  setNetwork(conditions: Partial<NetworkConditions>): void {
    this.network.conditions = { ...UNTHROTTLED, ...this.network.conditions, ...conditions }
    this.networkChanged()
  }

  /** A message to the frame in front, for the simulator. */
  devtools(detail: WireObject): void { this.front?.session.emit('devtools', detail) }

  /** Storage and permissions of the program in front, for the simulator. */
  get inspector(): Inspector | undefined { return this.front?.session.inspector }

  /** The program in front: what runs, and where it is. */
  get current(): { url: string; appId: string; stack: Session['stack']; frame: HTMLIFrameElement | undefined } | undefined {
    const session = this.front?.session
    return session && { url: session.url, appId: session.appId, stack: session.stack, frame: session.frame?.element }
  }

  /** Take the phone away with everything in it. */
  destroy(): void {
    for (const running of this.running()) this.end(running)
    clearInterval(this.watchdog)
    this.observer.disconnect()
    window.removeEventListener('online', this.online)
    window.removeEventListener('offline', this.online)
    this.pool.stop()
    this.screen.destroy()
  }

  // ---- starting --------------------------------------------------------------------------------------------------

  private async launch(url: string, launch: LaunchOptions, opener: Running | undefined, appId?: string, fresh = false): Promise<void> {
    const known = this.running().find(({ session }) => session.url === url && !session.ended)
    if (known && !fresh) {
      known.opener = opener ?? known.opener
      return this.bringToFront(known, launch)
    }
    if (known) this.end(known)
    const running = this.create(url, launch, opener)
    this.putInFront(running)
    const { session } = running
    let progress = this.screen.showLoading('', programIcon('', undefined))
    try {
      const frame = this.pool.take()
      frame.catch(() => undefined)
      const develop = this.options.mode === 'develop' || this.options.mode === 'check'
      const { manifest, kept } = await this.installer.manifest(url, fresh || develop ? 'fresh' : 'kept')
      if (appId !== undefined && manifest.appId !== appId) {
        throw new PackageError('manifest', 'manifest.json', `is of ${manifest.appId}, not of ${appId}`)
      }
      session.kept = kept
      if (this.front === running) progress = this.screen.showLoading(manifest.name, this.icon(running))
      const packages = await session.install(manifest, launch.path, (done, total) => progress(done / total))
      Object.values(packages).forEach((files) => running.look.learn(files))
      const ready = await frame
      if (session.ended) return ready.destroy()
      ready.element.classList.remove('spare')
      ready.element.classList.toggle('back', this.front !== running)
      ready.element.title = manifest.name
      await session.boot(ready, packages, launch)
      void this.installer.keep(url, manifest)
      running.timer = setTimeout(() => this.settle(running), LOADING_LIMIT)
      this.showTextStyle()
    } catch (error) {
      if (session.ended) return
      if (error instanceof PackageError) this.crash(running, error.fault, error.message)
      else this.crash(running, 'start', error instanceof Error ? error.message : String(error))
    }
  }

  private create(url: string, launch: LaunchOptions, opener: Running | undefined): Running {
    const { options } = this
    const prompter: SheetPrompter = new SheetPrompter(this.screen.sheets, this.say, options.prompts ?? 'ask', {
      name: () => running.session.manifest?.name ?? '',
      icon: () => this.icon(running),
      onAsk: (question) => this.tell(running, 'prompt', question),
    })
    const session: Session = new Session(url, {
      installer: this.installer, stores: this.stores, services: this.services, network: this.network,
      policy: this.domains, prompter, hangLimit: options.hangLimit,
      phone: this.phoneControl(() => running),
      chunk: (name) => this.files.chunk(name),
      scopeTitle: (scope) => scopeTitle(this.say, scope),
      boot: () => ({ system: this.system, mode: options.mode ?? 'release', locale: options.locale ?? 'zh_CN' }),
      notice: (notice) => this.receive(running, notice),
      report: (report) => this.tell(running, 'report', { report }),
      restart: () => void this.restart(running),
      stop: (fault, detail) => this.crash(running, fault, detail),
      internal: (where, error) => this.tell(running, 'internal', { where, error }),
    })
    const running: Running = { session, prompter, look: new Look(), launch, opener, shareable: true, timer: undefined }
    return running
  }

  private icon({ session }: Running): HTMLElement {
    const icon = session.manifest?.icon
    return programIcon(session.manifest?.name ?? '', icon?.startsWith('https:') || icon?.startsWith('data:image/') ? icon : undefined)
  }

  private receive(running: Running, notice: Notice): void {
    const { kind, ...detail } = notice
    switch (kind) {
      case 'painted':
        this.settle(running)
        break
      case 'route':
        if (running === this.front) this.showTextStyle()
        break
      case 'error':
        if (!running.session.painted && this.front === running && this.screen.covered === 'loading') {
          clearTimeout(running.timer)
          const { message } = detail as HostEvents['error']
          running.timer = setTimeout(() => this.failedStart(running, message), PATIENCE_AFTER_ERROR)
        }
        break
      case 'loaded':
      case 'pong':
        return
    }
    this.tell(running, kind, detail as HostEvents[typeof kind])
  }

  /** The first page is there: away with the loading screen; now there is time for the next start. */
  private settle(running: Running): void {
    clearTimeout(running.timer)
    if (running === this.front && this.screen.covered === 'loading') this.screen.uncover()
    this.pool.warm(300)
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

  private async update({ session }: Running): Promise<void> {
    try {
      const manifest = await this.installer.update(session.url, session.manifest!, [...session.loaded])
      if (!manifest || session.ended) return
      session.updated = true
      session.emit('updateReady', {})
      this.dispatchEvent(new CustomEvent('update', { detail: { version: manifest.version.name, appId: manifest.appId, url: session.url } }))
    } catch {
      // Offline, or an update that is damaged: the version that runs goes on.
      if (this.network.status().isConnected) session.emit('updateFailed', {})
    }
  }

  // ---- front and background --------------------------------------------------------------------------------------

  private running(): Running[] { return [...(this.front ? [this.front] : []), ...this.recent.all()] }

  private putInFront(running: Running): void {
    // First out of the background, so that the one that goes there does not push it out.
    this.recent.remove(running)
    if (this.front && this.front !== running) this.hide(this.front)
    this.front = running
    running.session.frame?.element.classList.remove('back')
    running.prompter.setVisible(true)
    this.screen.uncover()
    this.dispatchEvent(new CustomEvent('front', { detail: { url: running.session.url, appId: running.session.appId } }))
  }

  private bringToFront(running: Running, launch: LaunchOptions): void {
    if (running.session.ended) return
    const wasFront = this.front === running
    this.putInFront(running)
    running.session.heartbeat.rest()
    const { route: path, query } = running.session.stack.at(-1) ?? { route: '', query: {} }
    const place = launch.path === '' ? { path, query, reLaunch: false } : { reLaunch: true }
    running.session.emit('show', { ...launch, ...place } as unknown as WireObject)
    if (!running.session.painted && !wasFront) this.screen.showLoading(running.session.manifest?.name ?? '', this.icon(running))
    this.showTextStyle()
  }

  private hide(running: Running): void {
    running.prompter.setVisible(false)
    if (running.session.ended) return
    running.session.emit('hide', {})
    running.session.heartbeat.rest()
    running.session.frame?.element.classList.add('back')
    for (const old of this.recent.push(running)) this.end(old)
  }

  /** The program in front goes to the background; `next`, or the desk, comes to the front. */
  private leave(next: Running | undefined, launch?: LaunchOptions): void {
    const running = this.front
    if (!running) return
    if (next) return this.bringToFront(next, launch ?? { ...next.launch, path: '', query: {}, scene: SCENE_BACK_FROM_PROGRAM, referrerInfo: {} })
    this.front = undefined
    this.hide(running)
    this.showDesk()
  }

  private showDesk(): void {
    this.screen.setTextStyle(this.theme === 'dark' ? 'white' : 'black')
    this.screen.showDesk(this.recent.all().map((running) => ({
      name: running.session.manifest?.name ?? '', icon: this.icon(running),
      run: () => this.bringToFront(running, { ...running.launch, path: '', query: {}, scene: SCENE_DEFAULT, referrerInfo: {} }),
    })))
    this.dispatchEvent(new CustomEvent('front', { detail: { url: undefined, appId: '' } }))
  }

  private end(running: Running): void {
    clearTimeout(running.timer)
    this.recent.remove(running)
    if (this.front === running) this.front = undefined
    running.session.end()
    running.prompter.end()
  }

  private phoneControl(of: () => Running): PhoneControl {
    const open = (running: Running, url: string, launch: LaunchOptions): Promise<void> => {
      void this.launch(url, launch, running)
      return Promise.resolve()
    }
    return {
      authSetting: () => Promise.resolve(of().session.permissions!.all()),
      openSettings: async () => {
        const { manifest, permissions } = of().session
        await this.menu.settings({ manifest: manifest!, permissions: permissions!, icon: () => this.icon(of()) })
        return permissions!.all()
      },
      openProgram: async ({ appId, path, extraData }) => {
        const url = await this.options.resolve?.(appId)
        if (url === undefined) throw fail('invalid appid')
        if (of() !== this.front) throw fail('can only be called in the foreground')
        const referrerInfo = { appId: of().session.appId, extraData }
        await open(of(), new URL(url, document.baseURI).href, { ...parseAddress(path), scene: SCENE_FROM_PROGRAM, referrerInfo })
      },
      backToProgram: async (extraData) => {
        const { opener, session } = of()
        if (!opener || opener.session.ended) throw fail('not opened by another mini program')
        const referrerInfo = { appId: session.appId, extraData }
        this.leave(opener, { path: '', query: {}, scene: SCENE_BACK_FROM_PROGRAM, referrerInfo })
      },
      shareMenu: (menus) => { of().shareable = menus.includes('shareAppMessage') },
      exit: async () => { if (of() === this.front) this.close() },
      restart: async (path) => {
        const running = of()
        if (running !== this.front) throw fail('can only be called in the foreground')
        this.end(running)
        void this.launch(running.session.url, { ...running.launch, ...parseAddress(path) }, running.opener)
      },
    }
  }

  private openMenu(): void {
    const running = this.front
    const { manifest, permissions, ended } = running?.session ?? {}
    if (!running || !manifest || !permissions || ended) return
    this.menu.open({ manifest, permissions, icon: () => this.icon(running) }, {
      ...(running.shareable && { share: () => running.session.emit('share', {}) }),
      home: () => this.home(),
      restart: () => void this.restart(running),
      close: () => this.close(),
    })
  }

  private async restart(running: Running): Promise<void> {
    this.end(running)
    await this.launch(running.session.url, running.launch, running.opener)
  }

  // ---- faults ----------------------------------------------------------------------------------------------------

  private beat(): void {
    const running = this.front
    if (!running || this.options.hangLimit === 0) return
    if (document.hidden) return running.session.heartbeat.rest()
    if (running.session.beat(performance.now())) {
      this.crash(running, 'hung', `${(this.options.hangLimit ?? HANG_LIMIT) / 1000} s, ${running.session.stack.at(-1)?.route ?? ''}`)
    }
  }

  /** Stop a program and say why. */
  private crash(running: Running, fault: Fault, message: string): void {
    if (running.session.ended) return
    const inFront = this.front === running
    this.end(running)
    if (fault === 'hung') {
      // Browsers may run all sandboxed frames of a page in one process: those of the background are stuck as well.
      for (const other of this.running()) this.end(other)
      this.pool.rest(REST_AFTER_HANG)
    }
    this.tell(running, 'crash', { fault, message })
    if (inFront) this.showFault(running, fault, message)
    if (fault !== 'hung') this.pool.warm(300)
  }

  private showFault(running: Running, fault: Fault, message: string): void {
    const { say } = this
    const name = running.session.manifest?.name ?? running.session.url
    this.front = running
    this.screen.setTextStyle(this.theme === 'dark' ? 'white' : 'black')
    const packageFault = running.session.booted === undefined
    this.screen.showFault({
      title: say(`${fault}Title`), text: say(`${fault}Text`, { name }), detail: message,
      actions: [
        { label: say(packageFault ? 'retry' : 'restart'), run: () => void this.restart(running) },
        { label: say('close'), run: () => { this.front = undefined; this.showDesk() } },
      ],
    })
  }

  // ---- odds and ends ---------------------------------------------------------------------------------------------

  private networkChanged(): void {
    const status = this.network.status()
    this.screen.setNetwork(status.networkType)
    for (const { session } of this.running()) session.emit('network', status)
  }

  private showTextStyle(): void {
    const running = this.front
    if (!running || running.session.ended) return
    this.screen.setTextStyle(running.look.textStyle(running.session.stack.at(-1)?.route ?? running.launch.path, this.theme))
  }

  private tell<K extends keyof HostEvents>(running: Running, name: K, detail: HostEvents[K]): void {
    const { appId, url } = running.session
    const full: HostEventDetail<K> = { ...detail, appId, url }
    this.dispatchEvent(new CustomEvent(name, { detail: full }))
  }
}
