/** One page: its frame in the shell, shadow root, component instance and lifecycle. */
import { Component as GlassComponent, Element as GlassElement, type GeneralComponent } from 'glass-easel'
import { PageBackend } from './backend'
import type { Components } from './components'
import type { ComponentConfig, PageHandle, Runtime } from './context'
import type { EventChannel } from './event-channel'
import type { PageFrame, ShellImpl } from './shell'
import type { StyleSheets } from './styles'

/** px from the bottom where onReachBottom fires, unless the page says otherwise (WeChat's default). */
const REACH_BOTTOM = 50

export interface PageServices {
  rt: Runtime
  shell: ShellImpl
  components: Components
  styles: () => StyleSheets
  builtinSheet: CSSStyleSheet
  onReady(page: Page): void
}

type Lifecycle = 'onLoad' | 'onShow' | 'onHide' | 'onReady' | 'onUnload' | 'onPullDownRefresh' | 'onReachBottom' | 'onPageScroll' | 'onResize' | 'onTabItemTap' | 'onRouteDone'

export class Page implements PageHandle {
  readonly frame: PageFrame
  readonly root: ShadowRoot
  readonly component: GeneralComponent
  readonly element: HTMLElement
  readonly config: ComponentConfig
  customTabBar: GeneralComponent | undefined
  private readonly backend: PageBackend
  private sheets: { path: string; sheets: CSSStyleSheet[] }[] = []
  private readyQueue: GeneralComponent[] = []
  private readyDone = false
  private scrollFrame = 0
  private belowReach = false
  visible = false
  unloaded = false
  /** when it began to be made, ms of performance.now() */
  begun = 0

  constructor(
    private readonly services: PageServices,
    readonly id: number,
    readonly route: string,
    readonly query: { [key: string]: string },
    first: boolean,
    eventChannel: EventChannel,
  ) {
    const { rt, shell, components } = services
    this.config = rt.config.components[route] ?? {}
    this.frame = shell.pageFrame({ id, route, config: this.config, first })
    this.root = this.frame.body.attachShadow({ mode: 'open' })
    this.backend = new PageBackend(
      this.root,
      { origin: () => this.frame.scroller.getBoundingClientRect(), scrollTop: () => this.frame.scroller.scrollTop },
      () => {},
    )
    pages.set(this.backend, this)
    components.define(route)
    this.adopt('app', '')
    this.component = components.componentSpace.createComponentByUrl('page', route, null, this.backend as any)
    this.element = this.component.getBackendElement() as unknown as HTMLElement
    this.element.dataset.theme = rt.theme
    const { instance } = this
    Object.assign(instance, { route, __route__: route, options: query, __wxWebviewId__: id, __wxExparserNodeId__: `page-${id}` })
    Object.defineProperty(instance, '__edenEventChannel', { value: () => eventChannel })
    Object.defineProperty(instance, '__edenTabBar', { value: () => this.customTabBar?.getMethodCaller() ?? null })
    this.setQueryProperties()
  }

  get instance(): any { return this.component.getMethodCaller() }
  get scroller(): HTMLElement { return this.frame.scroller }

  /** A Component used as page gets the query in properties of the same names. */
  private setQueryProperties(): void {
    const proxy = GlassComponent.getDataProxy(this.component)
    let changed = false
    for (const [key, value] of Object.entries(this.query)) {
      if (GlassComponent.hasProperty(this.component, key)) changed = proxy.replaceProperty(key, value as never) || changed
    }
    if (changed) proxy.applyDataUpdates(false)
  }

  /** Put the tree into the document and run onLoad. */
  load(): void {
    const placeholder = document.createElement('div')
    this.root.append(placeholder)
    GlassElement.replaceDocumentElement(this.component, this.root as any, placeholder as any)
    this.frame.scroller.addEventListener('scroll', () => this.scrolled(), { passive: true })
    this.mountCustomTabBar()
    this.call('onLoad', this.query)
  }

  private mountCustomTabBar(): void {
    const { components, rt } = this.services
    const host = this.frame.customTabBar
    const path = 'custom-tab-bar/index'
    if (!host || !rt.config.components[path]) return
    components.define(path)
    const root = host.attachShadow({ mode: 'open' })
    root.adoptedStyleSheets = [...this.root.adoptedStyleSheets]
    const backend = new PageBackend(root, { origin: () => this.frame.scroller.getBoundingClientRect(), scrollTop: () => 0 }, () => {})
    pages.set(backend, this)
    this.extraRoots.push(root)
    this.customTabBar = components.componentSpace.createComponentByUrl('custom-tab-bar', path, null, backend as any)
    const placeholder = document.createElement('div')
    root.append(placeholder)
    GlassElement.replaceDocumentElement(this.customTabBar, root as any, placeholder as any)
    this.restyle()
  }

  private readonly extraRoots: ShadowRoot[] = []

  // ---- style sheets ------------------------------------------------------------------------------------------

  /** Adopt the sheets of a component definition: built-ins, app, components, and the page last. */
  adopt(path: string, scope: string, host = scope): void {
    if (this.sheets.some((entry) => entry.path === path)) return
    this.sheets.push({ path, sheets: this.services.styles().get(path, scope, host) })
    this.restyle()
  }

  private restyle(): void {
    const own = this.sheets.filter((entry) => entry.path === this.route)
    const others = this.sheets.filter((entry) => entry.path !== this.route)
    const seen = new Set<CSSStyleSheet>([this.services.builtinSheet])
    for (const { sheets } of [...others, ...own]) for (const sheet of sheets) seen.add(sheet)
    for (const root of [this.root, ...this.extraRoots]) root.adoptedStyleSheets = [...seen]
  }

  // ---- lifecycle ---------------------------------------------------------------------------------------------

  call(name: Lifecycle | 'onShareAppMessage' | 'onShareTimeline' | 'onAddToFavorites' | 'onSaveExitState', ...args: unknown[]): unknown {
    const method = this.instance[name]
    if (typeof method !== 'function') return undefined
    return this.services.rt.guard(`${this.route} ${name}`, () => method.apply(this.instance, args))
  }

  show(): void {
    if (this.visible || this.unloaded) return
    this.visible = true
    this.call('onShow', this.query)
    this.component.triggerPageLifetime('show', [])
    this.services.rt.emit('pageShow', this)
    if (!this.readyDone) setTimeout(() => this.ready(), 0)
  }

  hide(): void {
    if (!this.visible) return
    this.visible = false
    this.call('onHide')
    this.component.triggerPageLifetime('hide', [])
    this.services.rt.emit('pageHide', this)
  }

  private ready(): void {
    if (this.readyDone || this.unloaded) return
    this.readyDone = true
    this.flushReady()
    this.call('onReady')
    this.frame.adoptBackground(this.element)
    this.services.onReady(this)
  }

  /** `ready` of components runs after the page's first paint, in the order of `attached`; the page's own last. */
  attached(component: GeneralComponent): void {
    this.readyQueue.push(component)
    if (this.readyDone && this.readyQueue.length === 1) setTimeout(() => this.flushReady(), 0)
  }

  private flushReady(): void {
    const queue = this.readyQueue.splice(0)
    for (const component of queue) if (component !== this.component) component.triggerLifetime('ready', [])
    if (queue.includes(this.component)) this.component.triggerLifetime('ready', [])
    if (this.readyQueue.length) this.flushReady()
  }

  unload(): void {
    if (this.unloaded) return
    this.hideSilently()
    this.unloaded = true
    this.call('onUnload')
    this.services.rt.emit('pageUnload', this)
    for (const component of [this.customTabBar, this.component]) {
      if (!component) continue
      GlassElement.pretendDetached(component)
      component.destroyBackendElement()
    }
    cancelAnimationFrame(this.scrollFrame)
    this.backend.destroy()
    this.frame.remove()
  }

  /** A page that is left for good gets onUnload without onHide. */
  private hideSilently(): void {
    this.visible = false
  }

  setTheme(theme: 'light' | 'dark'): void {
    this.element.dataset.theme = theme
    this.frame.refresh()
    this.frame.adoptBackground(this.element)
  }

  // ---- scrolling ---------------------------------------------------------------------------------------------

  private scrolled(): void {
    if (this.scrollFrame) return
    this.scrollFrame = requestAnimationFrame(() => {
      this.scrollFrame = 0
      const { scrollTop, scrollHeight, clientHeight } = this.scroller
      this.call('onPageScroll', { scrollTop })
      const distance = Number(this.config.onReachBottomDistance ?? this.services.rt.config.window.onReachBottomDistance ?? REACH_BOTTOM)
      const below = scrollTop + clientHeight >= scrollHeight - distance
      if (below && !this.belowReach) this.call('onReachBottom')
      this.belowReach = below
    })
  }

  async scrollTo(top: number, duration: number): Promise<void> {
    const { scroller } = this
    const from = scroller.scrollTop
    const to = Math.max(0, Math.min(top, scroller.scrollHeight - scroller.clientHeight))
    if (duration <= 0 || from === to) {
      scroller.scrollTop = to
      return
    }
    const started = performance.now()
    await new Promise<void>((resolve) => {
      const step = () => {
        const t = Math.min(1, (performance.now() - started) / duration)
        scroller.scrollTop = from + (to - from) * (t < 0.5 ? 2 * t * t : 1 - (2 - 2 * t) ** 2 / 2)
        if (t < 1 && !this.unloaded) requestAnimationFrame(step)
        else resolve()
      }
      step()
    })
  }
}

const pages = new WeakMap<object, Page>()

/** The page in whose tree an element stands. */
export const pageOf = (element: GlassElement): Page | undefined => pages.get(element.getBackendContext() as object)
