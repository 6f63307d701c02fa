/**
 * What the runtime offers to `container/api` and `container/components`. They depend on this file (types only)
 * and on their kit, never on the runtime's other modules.
 */
import type { GeneralComponent, Element as GeneralElement } from 'glass-easel'
import type { Collector } from './collect/collector'
import type { Boot, HostEventName, LaunchOptions, Notice, SystemInfo, WireObject } from '../bridge/messages'

export interface Runtime {
  readonly boot: Boot
  readonly config: AppConfig
  /** Changes on resize and theme change. */
  system: SystemInfo
  theme: 'light' | 'dark'
  network: { isConnected: boolean; networkType: string }

  /** Ask the host; rejects with HostError. Binary values in args are copied, or moved when listed in transfer. */
  call(name: string, args?: WireObject, transfer?: Transferable[]): Promise<WireObject>
  notify(notice: Notice): void
  /** The host answers calls of this name (for canIUse). */
  hostHas(name: string): boolean
  /** Events of the host and the runtime's own; returns the function that removes the listener. */
  on(name: HostEventName | RuntimeEventName, listener: (detail: any) => void): () => void
  emit(name: RuntimeEventName, detail: unknown): void

  readonly router: Router
  readonly files: Files
  readonly shell: Shell
  readonly storage: Storage
  /** Latest launch or show options. */
  readonly launchOptions: LaunchOptions
  enterOptions: LaunchOptions

  /**
   * Run program code; an exception goes to App.onError and the host, never up. `vital`: the first page is not what was
   * meant without this code, and the host is told so with it.
   */
  guard<T>(where: string, run: () => T, vital?: boolean): T | undefined
  /** measures for those who collect; undefined: nobody does */
  readonly collector?: Collector | undefined
  reportUnsupported(what: 'api' | 'component', name: string): void
  /** Translated string of the shell and built-ins, for example t('confirm'). */
  t(key: string): string
  /** Load a heavy part (a chunk of the container bundle) on first use. */
  chunk(name: string): Promise<unknown>
}

export type RuntimeEventName =
  | 'appShow' | 'appHide' | 'error' | 'unhandledRejection' | 'pageNotFound' | 'themeChange' | 'windowResize'
  | 'pageShow' | 'pageHide' | 'pageReady' | 'pageUnload' | 'keyboardHeightChange' | 'audioInterruption'
  | 'unsupported'
  /** a button of open-type "share": {from: 'button', target}; the phone's menu sends a host event of this name */
  | 'share'

export interface HostError extends Error {
  reason: string
  errno?: number
}

// ---- the program's configuration (code/config.json, see docs/package-format.md) --------------------------------

export interface AppConfig {
  entry: string
  /** every page of every package, in order */
  pages: string[]
  window: WindowConfig
  tabBar: TabBarConfig | null
  darkmode: boolean
  theme: { light: { [key: string]: string }; dark: { [key: string]: string } } | null
  subpackages: { name: string; root: string; independent: boolean; pages: string[] }[]
  preloadRule: { [page: string]: { network: 'all' | 'wifi'; packages: string[] } }
  resolveAlias: { [pattern: string]: string }
  permission: { [scope: string]: { desc?: string } }
  networkTimeout: { [kind: string]: number }
  plugins: { [alias: string]: { version?: string; provider?: string } }
  debug: boolean
  style: string
  /** per page and component path (no extension) */
  components: { [path: string]: ComponentConfig }
}

export interface WindowConfig {
  navigationBarTitleText?: string
  navigationBarBackgroundColor?: string
  navigationBarTextStyle?: 'black' | 'white'
  navigationStyle?: 'default' | 'custom'
  backgroundColor?: string
  backgroundColorTop?: string
  backgroundColorBottom?: string
  backgroundColorContent?: string
  backgroundTextStyle?: 'dark' | 'light'
  enablePullDownRefresh?: boolean
  onReachBottomDistance?: number
  disableScroll?: boolean
  pageOrientation?: string
  [key: string]: unknown
}

export interface ComponentConfig extends WindowConfig {
  component?: boolean
  /** alias → absolute path without leading slash or extension, or "plugin://…" */
  usingComponents?: { [alias: string]: string }
  componentGenerics?: { [name: string]: true | { default: string } }
  componentPlaceholder?: { [alias: string]: string }
  styleIsolation?: string
  addGlobalClass?: boolean
  pureDataPattern?: string
}

export interface TabBarConfig {
  custom: boolean
  color: string
  selectedColor: string
  backgroundColor: string
  borderStyle: string
  position: 'bottom' | 'top'
  list: { pagePath: string; text: string; iconPath?: string; selectedIconPath?: string }[]
}

// ---- services ------------------------------------------------------------------------------------------------

export interface PageHandle {
  readonly id: number
  readonly route: string
  readonly query: { [key: string]: string }
  readonly component: GeneralComponent
  /** the object that program code sees as `this` in Page() */
  readonly instance: any
  /** <wx-page>, the root inside the page's shadow root */
  readonly element: HTMLElement
  /** the element that scrolls the page */
  readonly scroller: HTMLElement
  readonly root: ShadowRoot
  readonly config: ComponentConfig
}

export interface RouteOptions {
  url: string
  events?: { [name: string]: (...args: any[]) => void }
}

/** Rejects with an Error whose message is the errMsg's part after "fail ". */
export interface Router {
  current(): PageHandle | undefined
  stack(): readonly PageHandle[]
  navigateTo(options: RouteOptions): Promise<{ eventChannel: unknown }>
  redirectTo(options: RouteOptions): Promise<void>
  reLaunch(options: RouteOptions): Promise<void>
  switchTab(options: RouteOptions): Promise<void>
  navigateBack(delta?: number): Promise<void>
  /** the page in whose tree this element stands */
  pageOf(component: GeneralElement): PageHandle | undefined
  /** DOM of a page by component, for queries */
  scrollTo(page: PageHandle, top: number, duration: number): Promise<void>
  startPullDownRefresh(): void
  stopPullDownRefresh(): void
}

/** Program files, temporary files and user files behind one set of paths. */
export interface Files {
  /** A URL an element can load (blob:, data:, https:) for any path a program may write; relative to `base`. */
  url(path: string, base?: string): string
  /** Bytes of a file in a loaded package or of a temporary or user file; undefined if there is none. */
  read(path: string, base?: string): Uint8Array | undefined
  /**
   * Keep bytes as a temporary file; returns its path (http://tmp/…). Not a blob, whose bytes come later: programs read
   * a file as soon as they have its path.
   */
  addTemp(data: Uint8Array, extension: string): string
  blob(path: string): Blob | undefined
  remove(path: string): boolean
  /** Paths that start with this prefix are read from here (user files: api/files); undefined: there is none. */
  mount(prefix: string, read: (path: string) => Uint8Array | undefined): void
}

export interface Storage {
  get(key: string): unknown
  has(key: string): boolean
  /** Throws with the errMsg reason when the limit is passed. */
  set(key: string, value: unknown): void
  remove(key: string): void
  clear(): void
  keys(): string[]
  sizeKB(): number
  limitKB: number
}

/** What the runtime draws around pages, in the frame. */
export interface Shell {
  toast(options: { title: string; icon?: 'success' | 'error' | 'loading' | 'none'; image?: string; duration?: number; mask?: boolean }): void
  /** either takes away both, as on WeChat; `only`: nothing but its own kind (noConflict) */
  hideToast(kind: 'toast' | 'loading', only?: boolean): void
  modal(options: {
    title?: string; content?: string; showCancel?: boolean; cancelText?: string; cancelColor?: string
    confirmText?: string; confirmColor?: string; editable?: boolean; placeholderText?: string
  }): Promise<{ confirm: boolean; cancel: boolean; content?: string }>
  /** index chosen, or -1 when cancelled */
  actionSheet(options: { itemList: string[]; itemColor?: string; alertText?: string }): Promise<number>
  /** A full-screen layer above pages and tab bar (image preview, pickers); call the result to remove it. */
  layer(content: HTMLElement, options?: { onMask?: () => void }): () => void
  navigationBar: {
    setTitle(title: string, page?: PageHandle): void
    setColor(colors: { frontColor: string; backgroundColor: string; animation?: { duration?: number; timingFunc?: string } }, page?: PageHandle): void
    loading(on: boolean, page?: PageHandle): void
    hideHomeButton(page?: PageHandle): void
  }
  tabBar: {
    show(animation: boolean): void
    hide(animation: boolean): void
    setBadge(index: number, text: string): void
    removeBadge(index: number): void
    setRedDot(index: number, on: boolean): void
    setItem(index: number, item: { text?: string; iconPath?: string; selectedIconPath?: string }): void
    setStyle(style: { color?: string; selectedColor?: string; backgroundColor?: string; borderStyle?: string }): void
    /** false on pages that are not tabs */
    visible(): boolean
  }
  /** The part of the screen that a page's content has (the entry page's before there is a page); CSS px. */
  area(page?: PageHandle): { top: number; width: number; height: number }
  /** Ask with this sentence before the person may leave the page by a back button; undefined: no longer. */
  alertBeforeBack(message: string | undefined): void
  setBackground(options: { backgroundColor?: string; backgroundColorTop?: string; backgroundColorBottom?: string; textStyle?: string }, page?: PageHandle): void
}
