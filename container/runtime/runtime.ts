/** The runtime's services put together for one program. */
import type { Boot, HostEvent, Notice, WireObject } from '../bridge/messages'
import { createWx } from '../api/index'
import { publish } from '../api/kit'
import { isKeyboardAvailable, openKeyboard } from '../api/keyboard'
import { rpc } from '../api/rpc'
import { CONTENT_COMPONENTS } from '../components/content'
import { FORM_COMPONENTS } from '../components/forms'
import { COMMON_CSS } from '../components/common'
import { Collector } from './collect/collector'
import { builtinCss, defineBuiltins } from './builtins'
import { Components, scopeName } from './components'
import { domOf } from './events'
import type { AppConfig, Runtime, RuntimeEventName } from './context'
import { ProgramFiles } from './files'
import { forwardConsole, guardTimers, hideRealGlobal, hideStorage, installGlobals, makeGlobal, printable, requirePlugin } from './globals'
import { installInstanceMethods } from './instance'
import { Loader, normalize } from './loader'
import { Page, pageOf } from './page'
import type { HostPort } from './port'
import { Program } from './program'
import { PageRouter } from './router'
import { createShell, type ShellImpl, translate } from './shell'
import { ProgramStorage } from './storage'
import { StyleSheets } from './styles'
import { getDate, getRegExp, installConstructorNames, templateFilters } from './wxs'

/** characters of a fault's description */
const MAX_FAULT = 1000
const BUILTINS = [...CONTENT_COMPONENTS, ...FORM_COMPONENTS]
const nativeError = console.error.bind(console)

export class ProgramRuntime implements Runtime {
  readonly loader: Loader
  readonly files: ProgramFiles
  readonly storage: ProgramStorage
  readonly program: Program
  router!: PageRouter
  shell!: ShellImpl
  system: Boot['system']
  theme: 'light' | 'dark' = 'light'
  network: Boot['network']
  readonly launchOptions: Boot['launch']
  enterOptions: Boot['launch']
  wx: { [name: string]: any } = {}
  private components!: Components
  private styles!: StyleSheets
  private listeners = new Map<string, Set<(detail: any) => void>>()
  private unsupported = new Set<string>()
  private chunks = new Map<string, Promise<unknown>>()
  private readonly started = performance.now()
  readonly collector: Collector | undefined
  /** what of the vital code failed first */
  private spoiled: string | undefined

  constructor(readonly boot: Boot, private readonly port: HostPort) {
    this.system = boot.system
    this.network = boot.network
    this.launchOptions = boot.launch
    this.enterOptions = boot.launch
    this.program = new Program(this)
    if (boot.collect) this.collector = new Collector(this, boot.collect)
    this.storage = new ProgramStorage(boot.storage, boot.storageLimitKB, (set, remove) => {
      this.call('storageWrite', { set, remove }).catch((error) => nativeError('storage was not saved:', error))
    })
    const filters = templateFilters(this)
    this.loader = new Loader(
      [getRegExp, getDate, filters],
      async (name) => (await this.call('loadPackage', { name })).files as Boot['packages'][string],
      (text, name) => this.runScript(text, name, true),
    )
    this.files = new ProgramFiles((path) => this.loader.files.get(path))
  }

  get config(): AppConfig { return this.loader.config }

  // ---- start -------------------------------------------------------------------------------------------------

  async start(): Promise<void> {
    installConstructorNames()
    this.forwardErrors()
    const eden = { define: this.loader.define, templates: this.loader.addTemplates }
    installGlobals({ eden })
    // The main package holds the application's configuration, so it comes first.
    const { main, ...others } = this.boot.packages
    if (main) await this.loader.addPackage('main', main)
    for (const [name, files] of Object.entries(others)) await this.loader.addPackage(name, files)
    this.theme = this.config.darkmode ? this.system.theme : 'light'
    this.styles = new StyleSheets(this.loader.sheets, this.files, this.theme)
    this.shell = createShell(this, document.body)
    this.components = new Components(this, this.loader, {
      created: (component) => this.adoptStyles(component),
      attached: (component) => pageOf(component)?.attached(component),
    })
    defineBuiltins(this, this.components.componentSpace, BUILTINS)
    const builtinSheet = new CSSStyleSheet()
    builtinSheet.replaceSync(`${COMMON_CSS}\n${builtinCss(BUILTINS)}`)
    this.router = new PageRouter(this, this.loader, {
      rt: this, shell: this.shell, components: this.components, styles: () => this.styles, builtinSheet,
      onReady: (page) => this.painted(page),
    }, (path, query, first) => this.pageNotFound(path, query, first))
    this.shell.connect({
      back: () => void this.back(),
      home: () => void this.router.reLaunch({ url: `/${this.config.entry}` }).catch(nativeError),
      tab: (index) => void this.router.switchTab({ url: `/${this.config.tabBar!.list[index]!.pagePath}` }, index).catch(nativeError),
      pullDown: (frame) => void this.router.stack().find((page) => page.frame === frame)?.call('onPullDownRefresh'),
    })
    this.installProgramGlobals()
    // in an independent package there is no App until the main package comes
    this.loader.onMain = () => this.launchApp()
    if (this.loader.loaded.has('main')) this.launchApp()
    await this.router.launch(normalize(this.boot.launch.path || this.config.entry), this.boot.launch.query)
  }

  private launchApp(): void {
    if (this.loader.has('app.js')) this.guard('app.js', () => this.loader.require('app.js'), true)
    this.program.launch(this.launch())
  }

  private launch(): Boot['launch'] {
    return { ...this.boot.launch, path: normalize(this.boot.launch.path || this.config.entry) }
  }

  private installProgramGlobals(): void {
    this.wx = createWx(this)
    const { program, components } = this
    const getCurrentPages = () => this.router.stack().map((page) => page.instance)
    const globals: { [name: string]: unknown } = {
      wx: this.wx,
      eden: {
        ...(window as unknown as { eden: object }).eden,
        rpc: publish(this, 'rpc', rpc(this)),
        connectSocket: this.wx.connectSocket,
        keyboard: {
          open: publish(this, 'keyboard.open', openKeyboard(this)),
          isAvailable: publish(this, 'keyboard.isAvailable', isKeyboardAvailable(this)),
        },
      },
      App: program.App,
      getApp: program.getApp,
      getCurrentPages,
      Page: components.Page,
      Component: components.Component,
      Behavior: components.Behavior,
      requirePlugin,
      __wxConfig: { envVersion: this.boot.mode === 'release' ? 'release' : 'develop', ...this.config, page: {} },
      __wxAppCode__: {},
    }
    const global = makeGlobal(globals)
    hideRealGlobal(global)
    hideStorage()
    installGlobals({ ...globals, global })
    installInstanceMethods(this, this.wx, (component) => pageOf(component)?.instance)
  }

  /**
   * Indirect eval runs text as a global script; the name makes stack traces readable and mappable. Not by a script
   * element: that would need the nonce, which a program could read from its own element while it runs.
   */
  private async runScript(text: string, name: string, vital = false): Promise<void> {
    this.guard(name, () => { (0, eval)(`${text}\n//# sourceURL=eden://program/${name}`) }, vital)
  }

  private adoptStyles(component: Parameters<typeof pageOf>[0] & { is?: string }): void {
    const page = pageOf(component)
    const path = component.is
    if (!page || !path) return
    const { styleScope } = (component as any).getComponentOptions() as { styleScope: number | null }
    const scope = styleScope == null ? '' : this.components.componentSpace.styleScopeManager.queryName(styleScope) ?? ''
    const host = scopeName(path)
    // glass-easel marks the hosts of isolated components only; `:host` works in shared ones, too.
    domOf(component)?.setAttribute('wx-host', host)
    page.adopt(path, scope, host)
  }

  private painted(page: Page): void {
    requestAnimationFrame(() => setTimeout(() => {
      const fault = this.spoiled
      const now = performance.now()
      this.collector?.opened()
      this.notify({
        kind: 'painted', page: page.route, ms: now - this.started, render: now - page.begun,
        ...(fault !== undefined && { fault }),
      })
    }, 0))
  }

  private pageNotFound(path: string, query: { [key: string]: string }, first: boolean): boolean {
    const detail = { path, query, isEntryPage: first }
    this.emit('pageNotFound', detail)
    return this.program.call('onPageNotFound', detail) && first && this.router.stack().length > 0
  }

  // ---- host --------------------------------------------------------------------------------------------------

  call(name: string, args?: WireObject, transfer?: Transferable[]): Promise<WireObject> {
    const answer = this.port.call(name, args, transfer)
    this.collector?.called(name, answer)
    return answer
  }

  notify(notice: Notice): void { this.port.notify(notice) }
  hostHas(name: string): boolean { return this.boot.capabilities.includes(name) }

  receive({ name, detail }: HostEvent): void {
    if (name === 'show') this.program.show({ ...this.launch(), ...(detail as object) } as Boot['launch'])
    else if (name === 'hide') this.program.hide()
    else if (name === 'theme') this.setTheme(detail.theme === 'dark' ? 'dark' : 'light')
    else if (name === 'resize') this.resize(detail.system as unknown as Boot['system'])
    else if (name === 'collect') this.collector?.switch(detail.kinds as string[])
    else if (name === 'network') this.network = detail as Boot['network']
    else if (name === 'back') void this.back()
    else if (name === 'home') void this.router.reLaunch({ url: `/${this.config.entry}` }).catch(nativeError)
    else if (name === 'devtools') void this.devtools(detail).catch(nativeError)
    this.dispatch(name, detail)
    const page = this.router?.current()
    if (name === 'show' && detail.reLaunch === true) void this.router.reLaunch({ url: pageUrl(detail as unknown as Boot['launch']) }).catch(nativeError)
    else if (name === 'show') page?.show()
    if (name === 'hide') page?.hide()
  }

  private setTheme(theme: 'light' | 'dark'): void {
    this.system = { ...this.system, theme }
    const effective = this.config.darkmode ? theme : 'light'
    if (effective === this.theme) return
    this.theme = effective
    this.styles.setTheme(effective)
    for (const page of this.router.alive()) page.setTheme(effective)
    this.emit('themeChange', { theme: effective })
    this.program.call('onThemeChange', { theme: effective })
  }

  private resize(system: Boot['system']): void {
    this.system = system
    const { screenWidth, screenHeight } = system
    const page = this.router.current()
    const area = page?.frame.area()
    const size = { windowWidth: area?.width ?? screenWidth, windowHeight: area?.height ?? screenHeight, screenWidth, screenHeight }
    const detail = { size, deviceOrientation: system.deviceOrientation }
    this.emit('windowResize', detail)
    page?.call('onResize', detail)
    page?.component.triggerPageLifetime('resize', [detail])
  }

  /** The phone's back button: first whatever lies on top, then the page; at the first page the host closes. */
  private async back(): Promise<void> {
    if (this.shell.dismiss()) return
    if (this.router.stack().length > 1) await this.router.navigateBack()
    else await this.call('exitMiniProgram', {}).catch(() => undefined)
  }

  /** The simulator's wishes. */
  private async devtools(detail: WireObject): Promise<void> {
    if (detail.command === 'navigate') await this.open(String(detail.url))
    else if (detail.command === 'restore') for (const url of detail.urls as string[]) await this.open(url)
    else if (detail.command === 'styles') this.styles.replace(new Map(Object.entries(detail.sheets as { [path: string]: { css: string } })))
  }

  private open(url: string): Promise<unknown> {
    const path = normalize(url.split('?')[0] ?? '')
    return this.router.isTab(path) ? this.router.switchTab({ url }) : this.router.navigateTo({ url }).catch(() => this.router.reLaunch({ url }))
  }

  // ---- events, errors, odds and ends --------------------------------------------------------------------------

  on(name: string, listener: (detail: any) => void): () => void {
    let set = this.listeners.get(name)
    if (!set) this.listeners.set(name, (set = new Set()))
    set.add(listener)
    return () => void set.delete(listener)
  }

  emit(name: RuntimeEventName, detail: unknown): void { this.dispatch(name, detail) }

  private dispatch(name: string, detail: unknown): void {
    for (const listener of [...(this.listeners.get(name) ?? [])]) this.guard(`${name} listener`, () => listener(detail))
  }

  guard<T>(where: string, run: () => T, vital = false): T | undefined {
    try {
      return run()
    } catch (error) {
      const message = this.report('error', error, where)
      if (vital) this.spoiled ??= `${where}: ${message}`.slice(0, MAX_FAULT)
      return undefined
    }
  }

  private report(type: 'error' | 'unhandledRejection', error: unknown, where?: string): string {
    const isError = error instanceof Error
    const message = isError ? `${error.name}: ${error.message}` : String((error as { errMsg?: string } | null)?.errMsg ?? error)
    const stack = isError ? error.stack : undefined
    nativeError(where ? `${where}:` : '', error)
    // Without a page it is the application's: app.js and its lifecycle.
    const page = this.router?.opening ?? this.router?.current()?.route
    // what led to it comes first
    this.collector?.flush()
    this.notify({ kind: 'error', type, message, ...(stack ? { stack } : {}), ...(page ? { page } : {}) })
    if (type === 'error') {
      this.emit('error', { message, stack: stack ?? '' })
      this.program.call('onError', stack?.includes(message) ? stack : `${message}\n${stack ?? ''}`)
    } else {
      const detail = { reason: error, promise: Promise.resolve() }
      this.emit('unhandledRejection', detail)
      this.program.call('onUnhandledRejection', detail)
    }
    return message
  }

  private forwardErrors(): void {
    window.addEventListener('error', (event) => {
      if (event.error !== undefined || event.message) this.report('error', event.error ?? new Error(event.message))
    })
    window.addEventListener('unhandledrejection', (event) => {
      event.preventDefault()
      this.report('unhandledRejection', event.reason)
    })
    guardTimers((where, run) => this.guard(where, run))
    forwardConsole((level, args, stack) => {
      this.notify({ kind: 'log', level, args: args.map((value) => printable(value)), ...(stack ? { stack } : {}) })
    })
  }

  reportUnsupported(what: 'api' | 'component', name: string): void {
    if (this.unsupported.has(`${what} ${name}`)) return
    this.unsupported.add(`${what} ${name}`)
    const page = this.router?.current()?.route
    this.notify({ kind: 'unsupported', what, name, ...(page ? { page } : {}) })
    this.emit('unsupported', { what, name })
  }

  t(key: string): string { return translate(this.boot.locale, key) }

  chunk(name: string): Promise<unknown> {
    let chunk = this.chunks.get(name)
    if (!chunk) {
      chunk = this.call('loadChunk', { name }).then(async ({ text }) => {
        const holder = globalThis as { __edenChunk?: unknown }
        await this.runScript(String(text), `container/${name}.js`)
        const exports = holder.__edenChunk
        delete holder.__edenChunk
        return exports
      })
      this.chunks.set(name, chunk)
      chunk.catch(() => this.chunks.delete(name))
    }
    return chunk
  }
}

/** Page and query of launch options as an address. */
const pageUrl = ({ path, query }: Boot['launch']): string =>
  `/${normalize(path)}?${Object.entries(query).map(([name, value]) => `${name}=${value}`).join('&')}`
