/** Reading window settings: theme references, defaults, sizes of the phone. Pure. */
import type { AppConfig, ComponentConfig, WindowConfig } from '../context'
import type { SystemInfo } from '../../bridge/messages'

/** A value of the configuration; `@name` is looked up in theme.json. */
export function themed<T>(value: T, config: Pick<AppConfig, 'theme'>, theme: 'light' | 'dark'): T | undefined {
  if (typeof value !== 'string' || !value.startsWith('@')) return value
  return config.theme?.[theme]?.[value.slice(1)] as T | undefined
}

export interface WindowLook {
  title: string
  barBackground: string
  barText: 'black' | 'white'
  custom: boolean
  background: string
  backgroundTop: string
  backgroundBottom: string
  content: string
  refreshStyle: 'dark' | 'light'
  pullDown: boolean
  scroll: boolean
}

/** What a page's window looks like: page over app over WeChat's defaults, theme references followed. */
export function windowLook(app: AppConfig, page: ComponentConfig, theme: 'light' | 'dark'): WindowLook {
  const read = <K extends keyof WindowConfig>(name: K): WindowConfig[K] =>
    themed(page[name], app, theme) ?? themed(app.window[name], app, theme)
  const background = read('backgroundColor') ?? '#ffffff'
  return {
    title: read('navigationBarTitleText') ?? '',
    barBackground: read('navigationBarBackgroundColor') ?? '#000000',
    barText: read('navigationBarTextStyle') === 'black' ? 'black' : 'white',
    custom: read('navigationStyle') === 'custom',
    background,
    backgroundTop: read('backgroundColorTop') ?? background,
    backgroundBottom: read('backgroundColorBottom') ?? background,
    content: read('backgroundColorContent') ?? '#ffffff',
    refreshStyle: read('backgroundTextStyle') === 'light' ? 'light' : 'dark',
    pullDown: read('enablePullDownRefresh') === true,
    scroll: read('disableScroll') !== true,
  }
}

/** Height in px of the row below the status bar: the capsule sits in its middle. */
export function barHeight({ menuButton, statusBarHeight }: SystemInfo): number {
  const height = menuButton.height ? (menuButton.top - statusBarHeight) * 2 + menuButton.height : 44
  return Math.min(64, Math.max(40, height))
}

export const TAB_BAR_HEIGHT = 50

export interface Insets {
  top: number
  right: number
  bottom: number
  left: number
}

export function safeInsets({ safeArea, screenWidth, screenHeight }: SystemInfo): Insets {
  return {
    top: Math.max(0, safeArea.top),
    right: Math.max(0, screenWidth - safeArea.right),
    bottom: Math.max(0, screenHeight - safeArea.bottom),
    left: Math.max(0, safeArea.left),
  }
}

export interface PageArea {
  top: number
  width: number
  height: number
}

/** The part of the screen that a page's content has (WeChat's windowWidth and windowHeight). */
export function pageArea(system: SystemInfo, custom: boolean, tabs: 'bottom' | 'top' | undefined): PageArea {
  const insets = safeInsets(system)
  const bar = custom ? 0 : system.statusBarHeight + barHeight(system)
  const tabHeight = tabs ? TAB_BAR_HEIGHT + (tabs === 'bottom' ? insets.bottom : 0) : 0
  return {
    top: bar + (tabs === 'top' ? tabHeight : 0),
    width: system.screenWidth,
    height: system.screenHeight - bar - tabHeight,
  }
}

/** Hidden tab bars and the like aside: is this route one of the tabs? Index, or -1. */
export const tabIndex = (config: Pick<AppConfig, 'tabBar'>, route: string): number =>
  config.tabBar?.list.findIndex((item) => item.pagePath === route) ?? -1
