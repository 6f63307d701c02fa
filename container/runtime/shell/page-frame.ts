/**
 * Everything around one page: navigation bar, the sheet that pull-down moves, and the scroller.
 *
 *     .eden-page > .eden-bar
 *                > .eden-view > .eden-refresh
 *                             > .eden-sheet > .eden-scroller > .eden-body    (the page's shadow host)
 *                                           > .eden-custom-tabs              (host of a custom tab bar)
 *
 * The sheet is the containing block of `position: fixed` in a page (`contain: layout`), so that `top: 0` is below
 * the navigation bar as on WeChat, and the size container for `cqh`, the unit that `vh` of a page's style becomes.
 */
import type { AppConfig, ComponentConfig } from '../context'
import type { SystemInfo } from '../../bridge/messages'
import type { Motion } from './dom'
import { h } from './dom'
import type { NavigationBar } from './navigation-bar'
import { createNavigationBar } from './navigation-bar'
import type { PullDown } from './pull-down'
import { createPullDown } from './pull-down'
import type { WindowLook } from './theme'
import { pageArea, tabIndex, windowLook } from './theme'

export interface PageFrameOptions {
  /** PageHandle.id */
  id: number
  route: string
  config: ComponentConfig
  /** bottom of the stack: no back arrow; a home button unless it is the entry page or a tab */
  first: boolean
}

export interface PageFrame {
  readonly id: number
  readonly route: string
  readonly element: HTMLElement
  readonly scroller: HTMLElement
  /** fixed containing block and size container; popups of the page may be appended here */
  readonly sheet: HTMLElement
  /** empty; the kernel attaches the page's shadow root to it */
  readonly body: HTMLElement
  /** empty host for the `custom-tab-bar` component; undefined unless this is a tab of a custom tab bar */
  readonly customTabBar: HTMLElement | undefined
  /** index of its tab, or -1 */
  readonly tab: number
  readonly bar: NavigationBar | undefined
  readonly title: string
  readonly pullDown: PullDown
  /** Follow a changed theme or first/not-first place in the stack. */
  refresh(first?: boolean): void
  /** Paint the sheet as the page's root is painted: `page` stands for the whole canvas, as `body` does on the web. */
  adoptBackground(page: HTMLElement): void
  setTitle(title: string): void
  /** Colours set by the program; they outlast a change of the theme. */
  setBarColor(front: string, background: string, animation?: { duration?: number; timingFunc?: string }): void
  setBackground(options: {
    backgroundColor?: string
    backgroundColorTop?: string
    backgroundColorBottom?: string
    textStyle?: string
  }): void
  /** WeChat's windowWidth, windowHeight and the top of the page area, px */
  area(): { top: number; width: number; height: number }
  remove(): void
}

export interface FrameContext {
  config: AppConfig
  t(key: string): string
  motion: Motion
  system(): SystemInfo
  theme(): 'light' | 'dark'
  back(): void
  home(): void
  pullDown(frame: PageFrame): void
  removed(frame: PageFrame): void
}

export function createPageFrame(context: FrameContext, options: PageFrameOptions): PageFrame {
  const { config } = context
  const tab = tabIndex(config, options.route)
  let look: WindowLook = windowLook(config, options.config, context.theme())
  let title = look.title
  let barColor: { front: string; background: string } | undefined
  let overridden: Parameters<PageFrame['setBackground']>[0] = {}

  const body = h('div', { class: 'eden-body' })
  const scroller = h('div', { class: 'eden-scroller', 'data-fixed': !look.scroll }, body)
  const customTabBar = tab >= 0 && config.tabBar?.custom ? h('div', { class: 'eden-custom-tabs' }) : undefined
  const sheet = h('div', { class: 'eden-sheet' }, scroller)
  if (customTabBar) sheet.append(customTabBar)
  const view = h('div', { class: 'eden-view', role: 'main' })
  const place = tab >= 0 && !config.tabBar?.custom ? config.tabBar?.position : undefined
  const element = h('div', {
    class: 'eden-page',
    'data-route': options.route,
    'data-tab': place ?? (tab >= 0 && 'custom'),
  })
  const toTop = (): void => scroller.scrollTo({ top: 0, behavior: 'smooth' })
  const bar = look.custom
    ? undefined
    : createNavigationBar(context.t, { back: context.back, home: context.home, top: toTop })

  const paintBackground = (): void => {
    const color = overridden.backgroundColor
    const top = overridden.backgroundColorTop ?? color ?? look.backgroundTop
    const bottom = overridden.backgroundColorBottom ?? color ?? look.backgroundBottom
    view.style.background = top === bottom ? top : `linear-gradient(${top} 50%,${bottom} 50%)`
    frame.pullDown.setStyle((overridden.textStyle ?? look.refreshStyle) === 'light' ? 'light' : 'dark')
  }

  const frame: PageFrame = {
    id: options.id,
    route: options.route,
    element,
    scroller,
    sheet,
    body,
    customTabBar,
    tab,
    bar,
    get title() {
      return title
    },
    setTitle(text) {
      title = text
      bar?.setTitle(text)
    },
    pullDown: createPullDown(sheet, scroller, context.motion, context.t, () => context.pullDown(frame)),
    refresh(first = options.first) {
      options.first = first
      look = windowLook(config, options.config, context.theme())
      bar?.setColor(barColor?.front ?? look.barText, barColor?.background ?? look.barBackground)
      bar?.showBack(!first)
      bar?.showHome(first && tab < 0 && options.route !== config.entry)
      paintBackground()
    },
    adoptBackground(page) {
      const { backgroundColor, backgroundImage, backgroundSize, backgroundPosition, backgroundRepeat } =
        getComputedStyle(page)
      const plain = backgroundImage === 'none'
      const clear = plain && /^(transparent|rgba\(0, 0, 0, 0\))$/.test(backgroundColor)
      sheet.style.background = clear ? look.content : backgroundColor
      if (!plain) Object.assign(sheet.style, { backgroundImage, backgroundSize, backgroundPosition, backgroundRepeat })
    },
    setBarColor(front, background, animation) {
      barColor = { front, background }
      bar?.setColor(front, background, animation)
    },
    setBackground(changes) {
      overridden = { ...overridden, ...changes }
      paintBackground()
    },
    area: () => pageArea(context.system(), !bar, place),
    remove() {
      element.remove()
      context.removed(frame)
    },
  }
  view.append(frame.pullDown.element, sheet)
  element.append(...(bar ? [bar.element] : []), view)
  sheet.style.background = look.content
  frame.pullDown.enabled = look.pullDown
  bar?.setTitle(title)
  frame.refresh()
  return frame
}
