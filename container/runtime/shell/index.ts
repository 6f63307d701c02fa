/**
 * What the runtime draws around pages inside the frame. One element of its own in the document; pages bring their
 * shadow roots into the hosts that `pageFrame` makes.
 *
 *     const shell = createShell(rt, document.body)
 *     shell.connect({ back, home, tab, pullDown })
 *     const frame = shell.pageFrame({ id, route, config, first: true })
 *     frame.body.attachShadow(…)
 *     await shell.transition('push', frame)
 */
import type { PageHandle, Runtime, Shell } from '../context'
import { createDialogs } from './dialogs'
import type { Motion } from './dom'
import { animate, h } from './dom'
import type { PageFrame, PageFrameOptions } from './page-frame'
import { createPageFrame } from './page-frame'
import { SHELL_CSS } from './style'
import { createTabBar } from './tab-bar'
import { barHeight, pageArea, safeInsets, tabIndex, TAB_BAR_HEIGHT, windowLook } from './theme'
import { createToast } from './toast'

export type { PageFrame, PageFrameOptions } from './page-frame'
export { translate } from './strings'

export type ShellRuntime = Pick<Runtime, 'boot' | 'config' | 'system' | 'theme' | 'on' | 'files' | 't'>

/** What the person does to the shell; the page stack answers. */
export interface ShellHandlers {
  back(): void
  home(): void
  tab(index: number): void
  /** the page was pulled, or startPullDown was called */
  pullDown(frame: PageFrame): void
}

export interface ShellImpl extends Shell {
  readonly element: HTMLElement
  connect(handlers: ShellHandlers): void
  pageFrame(options: PageFrameOptions): PageFrame
  /**
   * Bring `entering` to the front and put the frame that was there away (it stays in the document, not rendered).
   * `push` and `pop` slide (300 ms; not when the person asks for reduced motion, not in a check run).
   */
  transition(kind: 'push' | 'pop' | 'none', entering: PageFrame): Promise<void>
  startPullDown(page?: PageHandle): void
  stopPullDown(page?: PageHandle): void
  /** Close a modal, sheet or layer as the phone's back button does; false if nothing was open. */
  dismiss(): boolean
}

const SLIDE = 300
const EASING = 'cubic-bezier(.25,.8,.3,1)'

export function createShell(rt: ShellRuntime, root: HTMLElement): ShellImpl {
  const pages = h('div', { class: 'eden-pages' })
  const layers = h('div', { class: 'eden-layers' })
  const element = h('div', { class: 'eden-shell' }, pages, layers)
  const frames = new Map<number, PageFrame>()
  let front: PageFrame | undefined
  let handlers: ShellHandlers | undefined
  /** who hears or lists frames knows this one by the page in front */
  const nameDocument = (): void => {
    document.title = front?.title ?? ''
  }
  const alerts = new WeakMap<PageFrame, string>()

  const motion: Motion = (wanted) =>
    rt.boot.mode === 'check' || matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : wanted
  const t = (key: string): string => rt.t(key)
  const dialogs = createDialogs(layers, pages, t, motion)
  const toast = createToast(layers, rt.files)
  const tabs = createTabBar({
    config: rt.config,
    files: rt.files,
    theme: () => rt.theme,
    t,
    motion,
    tap: (index) => handlers?.tab(index),
    room: (on) => element.style.setProperty('--eden-tab-height', on ? tabHeight() : '0px'),
  })
  pages.append(h('nav', {}, tabs.element))

  const tabHeight = (): string => {
    const bottom = rt.config.tabBar?.position === 'top' ? 0 : safeInsets(rt.system).bottom
    return `${TAB_BAR_HEIGHT + bottom}px`
  }
  const measure = (): void => {
    const { system } = rt
    const insets = safeInsets(system)
    const variables: { [name: string]: number } = {
      'eden-status-bar': system.statusBarHeight,
      'eden-bar-height': barHeight(system),
      'eden-capsule': system.menuButton.width ? system.screenWidth - system.menuButton.left + 6 : 96,
      ...Object.fromEntries(Object.entries(insets).map(([side, value]) => [`safe-area-inset-${side}`, value])),
    }
    for (const [name, value] of Object.entries(variables)) element.style.setProperty(`--${name}`, `${value}px`)
    element.style.setProperty('--eden-tab-height', tabHeight())
  }
  const paint = (): void => {
    element.dataset.theme = rt.theme
    tabs.refresh()
    for (const frame of frames.values()) frame.refresh()
  }
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(SHELL_CSS)
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]
  measure()
  paint()
  root.append(element)
  // the pages' own language is not known; most programs follow the phone's
  document.documentElement.lang = rt.boot.locale === 'en' ? 'en' : 'zh-CN'
  rt.on('resize', measure)
  rt.on('themeChange', paint)

  /** Leave the page in front, after the question it asked for with alertBeforeBack. */
  const back = async (): Promise<void> => {
    const message = front && alerts.get(front)
    if (message) {
      const { confirm } = await dialogs.modal({ content: message, confirmText: t('leavePage'), cancelText: t('stay') })
      if (!confirm) return
      if (front) alerts.delete(front)
    }
    handlers?.back()
  }
  const frameOf = (page?: PageHandle): PageFrame | undefined => (page ? frames.get(page.id) : front)
  const away = (frame: PageFrame, on: boolean): void => {
    frame.element.toggleAttribute('data-away', on)
    frame.element.inert = on
  }

  return {
    element,
    connect: (next) => {
      handlers = next
    },
    pageFrame(options) {
      const frame = createPageFrame(
        {
          config: rt.config,
          t,
          motion,
          system: () => rt.system,
          theme: () => rt.theme,
          back: () => void back(),
          home: () => handlers?.home(),
          pullDown: (pulled) => handlers?.pullDown(pulled),
          removed(gone) {
            frames.delete(gone.id)
            if (front === gone) front = undefined
          },
        },
        options,
      )
      // A page with bars of its own has no inset left where a bar already keeps the distance.
      if (frame.bar) frame.sheet.style.setProperty('--safe-area-inset-top', '0px')
      if (frame.tab >= 0 && !rt.config.tabBar?.custom && rt.config.tabBar?.position !== 'top') {
        frame.sheet.style.setProperty('--safe-area-inset-bottom', '0px')
      }
      frames.set(frame.id, frame)
      away(frame, true)
      pages.append(frame.element)
      return frame
    },
    async transition(kind, entering) {
      const leaving = front === entering ? undefined : front
      front = entering
      nameDocument()
      away(entering, false)
      tabs.select(entering.tab >= 0 ? entering.tab : leaving && leaving.tab >= 0 && kind === 'push' ? leaving.tab : -1)
      const duration = leaving && kind !== 'none' ? motion(SLIDE) : 0
      if (leaving && duration) {
        const [above, below] = kind === 'push' ? [entering, leaving] : [leaving, entering]
        const reverse = kind === 'push' ? 'normal' : 'reverse'
        const slide = [{ transform: 'translateX(100%)' }, { transform: 'none' }]
        const shift = [{ transform: 'none' }, { transform: 'translateX(-25%)' }]
        const run = (node: HTMLElement, keyframes: Keyframe[]): Promise<void> =>
          animate(node, reverse === 'reverse' ? [...keyframes].reverse() : keyframes, duration, EASING)
        above.element.style.boxShadow = '0 0 12px rgba(0,0,0,.2)'
        above.element.style.zIndex = '3'
        await Promise.all([
          run(above.element, slide),
          run(below.element, shift),
          ...(below.tab >= 0 ? [run(tabs.element, shift)] : []),
        ])
        above.element.style.boxShadow = above.element.style.zIndex = ''
      }
      if (front !== entering) return
      if (leaving) away(leaving, true)
      tabs.select(entering.tab)
    },
    startPullDown: (page) => frameOf(page)?.pullDown.start(),
    stopPullDown: (page) => frameOf(page)?.pullDown.stop(),
    dismiss() {
      if (dialogs.dismiss()) return true
      if (!front || !alerts.has(front)) return false
      void back()
      return true
    },
    alertBeforeBack(message) {
      if (front && message) alerts.set(front, message)
      else if (front) alerts.delete(front)
    },
    area(page) {
      const frame = frameOf(page)
      if (frame) return frame.area()
      const { config, system } = rt
      const look = windowLook(config, config.components[config.entry] ?? {}, rt.theme)
      const drawn = tabIndex(config, config.entry) >= 0 && !config.tabBar?.custom
      return pageArea(system, look.custom, drawn ? config.tabBar?.position : undefined)
    },
    toast: toast.show,
    hideToast: toast.hide,
    modal: dialogs.modal,
    actionSheet: dialogs.actionSheet,
    layer: dialogs.layer,
    navigationBar: {
      setTitle(title, page) {
        frameOf(page)?.setTitle(title)
        nameDocument()
      },
      setColor: (colors, page) =>
        frameOf(page)?.setBarColor(colors.frontColor, colors.backgroundColor, colors.animation),
      loading: (on, page) => frameOf(page)?.bar?.loading(on),
      hideHomeButton: (page) => frameOf(page)?.bar?.showHome(false),
    },
    tabBar: tabs.calls,
    setBackground: (options, page) => frameOf(page)?.setBackground(options),
  }
}
