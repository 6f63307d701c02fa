/** The page stack: ten pages at most, tabs kept alive, one operation after the other. */
import type { Element as GlassElement } from 'glass-easel'
import type { Loader } from './loader'
import { EventChannel } from './event-channel'
import type { PageHandle, RouteOptions, Router, Runtime } from './context'
import { Page, type PageServices, pageOf } from './page'
import { resolveAddress } from './url'

/** WeChat's limit. */
const MAX_PAGES = 10

type Opened = 'navigateTo' | 'redirectTo' | 'reLaunch' | 'switchTab' | 'appLaunch' | 'navigateBack'

export class PageRouter implements Router {
  private pages: Page[] = []
  private tabs = new Map<string, Page>()
  /** What App.onLaunch asks for waits until the first page is there. */
  private launched!: (first: Promise<unknown>) => void
  private queue: Promise<unknown> = new Promise((resolve) => { this.launched = resolve })
  private nextId = 1
  /** the page that is being made; its errors are its own before it is in the stack */
  opening: string | undefined

  constructor(
    private readonly rt: Runtime,
    private readonly loader: Loader,
    private readonly services: PageServices,
    private readonly notFound: (path: string, query: { [key: string]: string }, first: boolean) => boolean,
  ) {}

  current(): Page | undefined { return this.pages[this.pages.length - 1] }
  stack(): readonly Page[] { return this.pages }
  pageOf(element: GlassElement): Page | undefined { return pageOf(element) }
  isTab(path: string): boolean { return this.rt.config.tabBar?.list.some((item) => item.pagePath === path) ?? false }

  /** Operations run one at a time; a second tap waits for the first page to be there. */
  private enqueue<T>(work: () => Promise<T>): Promise<T> {
    const result = this.queue.then(work, work)
    this.queue = result.catch(() => undefined)
    return result
  }

  private address(url: unknown) {
    if (typeof url !== 'string') throw new Error(`parameter error: parameter.url should be String instead of ${Object.prototype.toString.call(url).slice(8, -1)};`)
    const address = resolveAddress(url, this.current()?.route ?? '', (path) => this.rt.config.pages.includes(path))
    if (!this.rt.config.pages.includes(address.path)) {
      this.notFound(address.path, address.query, false)
      throw new Error(`page "${address.path}${url.includes('?') ? url.slice(url.indexOf('?')) : ''}" is not found`)
    }
    return address
  }

  private async create(path: string, query: { [key: string]: string }, first: boolean, channel?: EventChannel): Promise<Page> {
    this.opening = path
    this.rt.collector?.opening()
    const begun = performance.now()
    await this.loader.load(this.loader.packageOf(path))
    const end = channel ?? EventChannel.pair((run) => this.rt.guard('event channel', run))[1]
    const page = new Page(this.services, this.nextId++, path, query, first, end)
    page.begun = begun
    return page
  }

  /** Load (if new), show and bring forward; then tell everyone. */
  private async present(page: Page, fresh: boolean, motion: 'push' | 'pop' | 'none', how: Opened): Promise<void> {
    if (fresh) page.load()
    page.show()
    this.opening = undefined
    const moved = this.services.shell.transition(motion, page.frame)
    this.preload(page.route)
    this.rt.notify({ kind: 'route', stack: this.pages.map(({ route, query }) => ({ route, query })), how })
    await moved
    page.call('onRouteDone', { openType: how })
    page.component.triggerPageLifetime('routeDone', [{ openType: how }])
  }

  /** First page of a launch; an unknown path goes to onPageNotFound, then to the entry page. */
  launch(path: string, query: { [key: string]: string }): Promise<void> {
    const first = (async () => {
      let target = path || this.rt.config.entry
      if (!this.rt.config.pages.includes(target)) {
        if (this.notFound(target, query, true)) return
        target = this.rt.config.entry
      }
      await this.restart(target, query, 'appLaunch')
    })()
    this.launched(first.catch(() => undefined))
    return first
  }

  private async restart(path: string, query: { [key: string]: string }, how: Opened): Promise<void> {
    const page = await this.create(path, query, true)
    const gone = new Set([...this.pages, ...this.tabs.values()])
    this.pages = [page]
    this.tabs.clear()
    if (this.isTab(path)) this.tabs.set(path, page)
    await this.present(page, true, 'none', how)
    for (const old of gone) old.unload()
  }

  navigateTo(options: RouteOptions): Promise<{ eventChannel: EventChannel }> {
    return this.enqueue(async () => {
      const { path, query } = this.address(options.url)
      if (this.isTab(path)) throw new Error('can not navigateTo a tabbar page')
      if (this.pages.length >= MAX_PAGES) throw new Error('webview count limit exceed')
      const [opener, opened] = EventChannel.pair((run) => this.rt.guard('event channel', run))
      for (const [name, listener] of Object.entries(options.events ?? {})) opener.on(name, listener)
      const page = await this.create(path, query, false, opened)
      const below = this.current()
      this.pages.push(page)
      below?.hide()
      await this.present(page, true, 'push', 'navigateTo')
      return { eventChannel: opener }
    })
  }

  redirectTo(options: RouteOptions): Promise<void> {
    return this.enqueue(async () => {
      const { path, query } = this.address(options.url)
      if (this.isTab(path)) throw new Error('can not redirectTo a tabbar page')
      const page = await this.create(path, query, this.pages.length <= 1)
      const old = this.pages.pop()
      this.pages.push(page)
      if (old) this.forget(old)
      await this.present(page, true, 'none', 'redirectTo')
      old?.unload()
    })
  }

  reLaunch(options: RouteOptions): Promise<void> {
    return this.enqueue(async () => {
      const { path, query } = this.address(options.url)
      await this.restart(path, query, 'reLaunch')
    })
  }

  switchTab(options: RouteOptions, byPerson?: number): Promise<void> {
    return this.enqueue(async () => {
      const { path } = this.address(options.url)
      if (!this.isTab(path)) throw new Error('can not switch to no-tabBar page')
      const current = this.current()
      const known = this.tabs.get(path)
      const page = known ?? (await this.create(path, {}, true))
      this.tabs.set(path, page)
      const gone = this.pages.filter((old) => !this.isTab(old.route))
      if (current !== page && current && this.isTab(current.route)) current.hide()
      this.pages = [page]
      if (current !== page || !known) await this.present(page, !known, 'none', 'switchTab')
      for (const old of gone.reverse()) old.unload()
      if (byPerson !== undefined) {
        const item = this.rt.config.tabBar!.list[byPerson]!
        page.call('onTabItemTap', { index: byPerson, pagePath: item.pagePath, text: item.text })
      }
    })
  }

  navigateBack(delta = 1): Promise<void> {
    return this.enqueue(async () => {
      if (this.pages.length <= 1) throw new Error('cannot navigate back at first page.')
      const steps = Math.max(1, Math.min(Math.floor(Number(delta) || 1), this.pages.length - 1))
      const gone = this.pages.splice(this.pages.length - steps, steps).reverse()
      const page = this.current()!
      await this.present(page, false, 'pop', 'navigateBack')
      for (const old of gone) {
        this.forget(old)
        old.unload()
      }
    })
  }

  private forget(page: Page): void {
    if (this.tabs.get(page.route) === page) this.tabs.delete(page.route)
  }

  /** preloadRule: fetch the packages a page announces while the person reads it. */
  private preload(route: string): void {
    const rule = this.rt.config.preloadRule[route]
    if (!rule || (rule.network !== 'all' && this.rt.network.networkType !== 'wifi')) return
    for (const name of rule.packages) {
      const found = this.rt.config.subpackages.find((item) => item.name === name || item.root === name)
      this.loader.load(found?.name ?? name).catch(() => undefined)
    }
  }

  /** Pages that are alive, hidden tabs included. */
  alive(): Page[] { return [...new Set([...this.tabs.values(), ...this.pages])] }

  scrollTo(page: PageHandle, top: number, duration: number): Promise<void> { return (page as Page).scrollTo(top, duration) }
  startPullDownRefresh(): void { this.services.shell.startPullDown(this.current()) }
  stopPullDownRefresh(): void { this.services.shell.stopPullDown(this.current()) }
}
