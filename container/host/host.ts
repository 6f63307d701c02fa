/**
 * A phone that runs mini programs. Any page embeds it:
 *
 *     const host = new EdenHost({ container, runtimeUrl: '/eden/runtime.js', policy: { domains: 'listed' } })
 *     await host.open('/packages/bank/', { path: 'pages/index/index' })
 *
 * One program is in front; up to three others wait in the background. Events: see events.ts.
 */
import type { SystemInfo, WireObject } from '../bridge/messages'
import { formatAddress, parseAddress } from './address'
import { browserFetch } from './capabilities/types'
import { Collect } from './collect/collect'
import { Menu } from './chrome/menu'
import { Screen } from './chrome/screen'
import { words } from './chrome/strings'
import { ContainerFiles } from './container-files'
import type { HostEventDetail, HostEvents } from './events'
import { FramePool } from './frame/pool'
import { SecureKeyboard } from './keyboard/keyboard'
import { Network, UNTHROTTLED, type NetworkConditions } from './network'
import { SCENE_DEFAULT, systemInfo, type HostOptions, type OpenOptions } from './options'
import { Installer } from './package/installer'
import type { Inspector } from './program/inspector'
import type { RouteStack } from './program/session'
import { Programs, type Phone, type Running } from './programs'
import { Gateway } from './rpc/gateway'
import { openByteStore } from './store/bytes'
import { openValueStores } from './store/values'
import { deviceContext } from './updates/device'
import { Platform } from './updates/platform'
import { TICK } from './watchdog'

/** The program in front: what runs, and where it is. */
export interface Current {
  url: string
  appId: string
  stack: RouteStack
  frame: HTMLIFrameElement | undefined
}

export class EdenHost extends EventTarget {
  private readonly phone: Phone
  private readonly programs: Programs
  private readonly menu: Menu
  /** the server whose releases this phone follows */
  readonly platform: Platform | undefined
  /** what this phone tells of programs and their use, and the person's word on it; undefined: nobody is told */
  readonly collect: Collect | undefined
  /** for PINs and passwords of the embedding page; programs have it as `eden.keyboard`. undefined: the options name no server, or the page is not secure */
  readonly keyboard: SecureKeyboard | undefined
  private system: SystemInfo
  private theme: 'light' | 'dark'
  private readonly watchdog: ReturnType<typeof setInterval>
  private readonly observer: ResizeObserver
  private readonly online = (): void => this.networkChanged()

  constructor(private readonly options: HostOptions) {
    super()
    const bytes = openByteStore(options.storage)
    const say = words(options.locale ?? 'zh_CN')
    const policy = options.policy?.domains ?? 'listed'
    const installer = new Installer(bytes, browserFetch)
    const files = new ContainerFiles(bytes, browserFetch, options)
    const screen = new Screen(options.container, say, options.chrome ?? true, {
      menu: () => this.openMenu(), close: () => this.close(),
    })
    this.menu = new Menu(screen.sheets, say)
    this.theme = options.theme ?? (window.matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')
    this.system = this.measure()
    const { gateway, keyboard }: Pick<HostOptions, 'gateway' | 'keyboard'> = isSecureContext ? options : {}
    if (!isSecureContext && (options.gateway ?? options.keyboard)) {
      console.warn('EdenHost: no gateway and no secure keyboard: browsers sign and seal only in pages of https or localhost')
    }
    this.keyboard = keyboard && new SecureKeyboard(keyboard, {
      sheets: screen.sheets, fetch: browserFetch, file: (name) => files.address(name), system: () => this.system,
      locale: options.locale ?? 'zh_CN',
    })
    this.phone = {
      keyboard: this.keyboard, options, policy, say, screen, files,
      pool: new FramePool(screen.stage, () => files.runtime(), policy),
      source: (url) => (this.platform?.owns(url) ? this.platform : installer),
      programAddress: (key) => this.platform?.address(key),
      programKey: (url) => (this.platform?.owns(url) ? this.platform.keyOf(url) : undefined),
      network: new Network(),
      services: { fetch: browserFetch, ...options.services },
      gateway: gateway && new Gateway(gateway, {
        fetch: browserFetch, file: (name) => files.address(name),
        values: async (area) => (await this.phone.stores).area(area),
      }),
      stores: openValueStores(options.storage === 'memory' ? 'memory' : 'lasting'),
      system: () => this.system,
      openSettings: (running) => this.openSettings(running),
      dispatch: (name, detail, program) => this.tell(name, { ...detail, ...program }),
      observe: (session, happening) => this.collect?.tell(session, happening),
      frameKinds: (url) => this.collect?.frameKinds(url),
    }
    this.programs = new Programs(this.phone)
    if (options.platform) {
      this.platform = new Platform(options.platform, {
        fetch: browserFetch, bytes, stores: this.phone.stores, file: (name) => files.address(name),
        system: () => this.system,
        network: () => this.phone.network.status().networkType,
        ready: (url, manifest) => this.programs.updateReady(url, manifest),
        failed: (url, error) => {
          this.programs.updateFailed(url)
          const text = error.explain?.(options.locale ?? 'zh_CN') ?? say(`${error.fault}Text`)
          this.tell('updateRefused', { url, appId: '', fault: error.fault, message: error.message, text })
        },
      })
    }
    if (options.collect !== false && (this.platform || options.collect?.show)) {
      this.collect = new Collect({
        platform: this.platform, fetch: browserFetch, file: (name) => files.address(name),
        values: async (area) => (await this.phone.stores).area(area),
        context: () => deviceContext(this.system, this.phone.network.status().networkType, options.platform?.context?.() ?? {}),
        switched: () => {
          for (const { session } of this.programs.all()) {
            const kinds = this.collect?.frameKinds(session.url)
            if (kinds) session.emit('collect', { kinds })
          }
        },
        undecided: () => this.tell('undecided', { url: '', appId: '' }),
        internal: (error) => this.tell('internal', { url: '', appId: '', where: 'collect', error }),
      }, options.collect ?? {})
    }
    screen.layout(this.system)
    screen.setNetwork(this.phone.network.status().networkType)
    this.phone.pool.warm()
    this.watchdog = setInterval(() => this.programs.beat(), TICK)
    this.observer = new ResizeObserver(() => this.resize())
    this.observer.observe(options.container)
    window.addEventListener('online', this.online)
    window.addEventListener('offline', this.online)
  }

  /**
   * Open the package at this address: start it, or bring it back from the background. Resolves when the program has
   * been handed to its frame, or its fault is shown; never rejects.
   */
  async open(packageUrl: string, options: OpenOptions = {}): Promise<void> {
    const { path = '', query, scene = SCENE_DEFAULT, appId, fresh } = options
    const launch = { ...parseAddress(path, query), scene, referrerInfo: {} }
    await this.programs.launch(new URL(packageUrl, document.baseURI).href, launch, { appId, fresh })
  }

  /** Leave the program in front, as the capsule's button does: it waits in the background. */
  close(): void { this.programs.leave() }

  /** The phone's back button. */
  back(): void {
    if (this.phone.screen.sheets.dismiss()) return
    const session = this.programs.front?.session
    if (session?.booted !== undefined && !session.ended) session.emit('back', {})
    else this.close()
  }

  /** To the first page of the program in front. */
  home(): void { this.programs.front?.session.emit('home', {}) }

  /**
   * Start the program in front anew, with the newest package; at its current page when `keepStack` is set
   * (pages below it are opened again, their state is lost).
   */
  async reload(options: { keepStack?: boolean } = {}): Promise<void> {
    const running = this.programs.front
    if (!running) return
    const [bottom, ...others] = options.keepStack ? running.session.stack : []
    await this.programs.restart(running, bottom && { path: bottom.route, query: bottom.query }, true)
    const urls = others.map(({ route, query }) => formatAddress({ path: route, query }))
    if (urls.length) this.devtools({ command: 'restore', urls })
  }

  setTheme(theme: 'light' | 'dark'): void {
    if (theme === this.theme) return
    this.theme = theme
    this.system = this.measure()
    this.phone.screen.layout(this.system)
    this.programs.showTextStyle()
    for (const { session } of this.programs.all()) session.emit('theme', { theme })
  }

  /** The container has another size, or `system` other values. Called by itself when the container's size changes. */
  resize(system: Partial<SystemInfo> = {}): void {
    this.options.system = { ...this.options.system, ...system }
    const before = JSON.stringify(this.system)
    this.system = this.measure()
    if (JSON.stringify(this.system) === before) return
    this.phone.screen.layout(this.system)
    const detail = { system: this.system as unknown as WireObject }
    for (const { session } of this.programs.all()) session.emit('resize', detail)
  }

  setNetwork(conditions: Partial<NetworkConditions>): void {
    const { network } = this.phone
    network.conditions = { ...UNTHROTTLED, ...network.conditions, ...conditions }
    this.networkChanged()
  }

  /** A message to the frame in front, for the simulator. */
  devtools(detail: WireObject): void { this.programs.front?.session.emit('devtools', detail) }

  /** Storage and permissions of the program in front, for the simulator. */
  get inspector(): Inspector | undefined { return this.programs.front?.session.inspector }

  get current(): Current | undefined {
    const session = this.programs.front?.session
    return session && { url: session.url, appId: session.appId, stack: session.stack, frame: session.frame?.element }
  }

  /** Take the phone away with everything in it. */
  destroy(): void {
    for (const running of this.programs.all()) this.programs.end(running)
    clearInterval(this.watchdog)
    this.observer.disconnect()
    window.removeEventListener('online', this.online)
    window.removeEventListener('offline', this.online)
    this.platform?.stop()
    this.collect?.stop()
    this.phone.pool.stop()
    this.phone.screen.destroy()
  }

  private measure(): SystemInfo {
    const { clientWidth: width, clientHeight: height } = this.options.container
    return systemInfo(this.options, { width, height }, this.theme)
  }

  private networkChanged(): void {
    const status = this.phone.network.status()
    this.phone.screen.setNetwork(status.networkType)
    for (const { session } of this.programs.all()) session.emit('network', status)
  }

  private openMenu(): void {
    const running = this.programs.front
    const { manifest, permissions, ended } = running?.session ?? {}
    if (!running || !manifest || !permissions || ended) return
    this.menu.open({ manifest, permissions, icon: () => this.programs.icon(running) }, {
      ...(running.shareable && { share: () => running.session.emit('share', {}) }),
      home: () => this.home(),
      restart: () => void this.programs.restart(running),
      close: () => this.close(),
    })
  }

  private openSettings(running: Running): Promise<void> {
    const { manifest, permissions } = running.session
    return this.menu.settings({
      manifest: manifest!,
      permissions: permissions!,
      icon: () => this.programs.icon(running),
    })
  }

  private tell<K extends keyof HostEvents>(name: K, detail: HostEventDetail<K>): void {
    this.dispatchEvent(new CustomEvent(name, { detail }))
  }
}
