/** wx.* that draws in or around the page: toasts, dialogs, bars, scrolling, fonts, the keyboard. */
import type { Runtime } from '../runtime/context'
import type { Area, AreaFactory } from './kit'
import { fail, requireParameter } from './kit'
import { loadFontFace } from './font'
import { Listeners } from './listeners'
import { select } from './select'

/** WeChat complains about a value of the wrong type, but leaves out what was not given. */
const optional = (options: any, name: string, type: 'String' | 'Array' | 'Number'): void => {
  if (options[name] !== undefined) requireParameter(options, name, type)
}

const color = (options: any, name: string): string | undefined => {
  optional(options, name, 'String')
  return options[name]
}

/** Counts a Chinese character as one and two Latin letters as one, as WeChat measures button texts. */
const width = (text: string): number => [...text].reduce((sum, char) => sum + (char.charCodeAt(0) > 255 ? 1 : 0.5), 0)

function buttonText(options: any, name: 'confirmText' | 'cancelText'): string | undefined {
  optional(options, name, 'String')
  if (options[name] && width(options[name]) > 4)
    throw fail(`${name} length should not larger than 4 Chinese characters`)
  return options[name]
}

/** The innermost focused element, through shadow roots. */
function focused(): HTMLElement | null {
  let element = document.activeElement
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement
  return element === document.body ? null : (element as HTMLElement | null)
}

const editable = (element: HTMLElement | null): element is HTMLInputElement | HTMLTextAreaElement =>
  element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement || element?.isContentEditable === true

export const ui: AreaFactory = (rt) => ({
  async: {
    showToast(options) {
      requireParameter(options, 'title', 'String')
      const { title, icon, image, mask } = options
      if (icon !== undefined && !['success', 'error', 'fail', 'exception', 'loading', 'none'].includes(icon)) {
        throw fail('parameter error: invalid icon "' + String(icon) + '"')
      }
      const known = icon === 'fail' || icon === 'exception' ? 'error' : icon
      rt.shell.toast({ title, icon: known ?? 'success', image, mask, duration: Number(options.duration) || 1500 })
    },
    hideToast: ({ noConflict }) => rt.shell.hideToast('toast', noConflict === true),
    showLoading(options) {
      requireParameter(options, 'title', 'String')
      rt.shell.toast({ title: options.title, icon: 'loading', mask: options.mask, duration: 0 })
    },
    hideLoading: ({ noConflict }) => rt.shell.hideToast('loading', noConflict === true),
    showModal(options) {
      optional(options, 'title', 'String')
      optional(options, 'content', 'String')
      return rt.shell
        .modal({
          ...options,
          confirmText: buttonText(options, 'confirmText'),
          cancelText: buttonText(options, 'cancelText'),
          confirmColor: color(options, 'confirmColor'),
          cancelColor: color(options, 'cancelColor'),
        })
        .then(({ confirm, cancel, content }) => ({ confirm, cancel, content: content ?? null }))
    },
    async showActionSheet(options) {
      requireParameter(options, 'itemList', 'Array')
      const { itemList, alertText } = options
      if (!itemList.length) throw fail('parameter error: parameter.itemList should have at least 1 item;')
      if (itemList.length > 6) throw fail('parameter error: itemList should not be larger than 6;')
      itemList.forEach((item: unknown, index: number) => {
        const type = Object.prototype.toString.call(item).slice(8, -1)
        if (type !== 'String')
          throw fail(`parameter error: parameter.itemList[${index}] should be String instead of ${type};`)
      })
      const tapIndex = await rt.shell.actionSheet({ itemList, alertText, itemColor: color(options, 'itemColor') })
      if (tapIndex < 0) throw fail('cancel')
      return { tapIndex }
    },

    setNavigationBarTitle(options) {
      requireParameter(options, 'title', 'String')
      rt.shell.navigationBar.setTitle(options.title, rt.router.current())
    },
    setNavigationBarColor(options) {
      requireParameter(options, 'frontColor', 'String')
      requireParameter(options, 'backgroundColor', 'String')
      const { frontColor, backgroundColor, animation } = options
      if (!/^#(000000|ffffff)$/i.test(frontColor))
        throw fail(`invalid frontColor "${frontColor}", only supports "#000000" and "#ffffff"`)
      rt.shell.navigationBar.setColor({ frontColor, backgroundColor, animation }, rt.router.current())
    },
    showNavigationBarLoading() {
      rt.shell.navigationBar.loading(true, rt.router.current())
    },
    hideNavigationBarLoading() {
      rt.shell.navigationBar.loading(false, rt.router.current())
    },
    hideHomeButton() {
      rt.shell.navigationBar.hideHomeButton(rt.router.current())
    },
    setTopBarText() {},

    setBackgroundColor(options) {
      const { backgroundColor, backgroundColorTop, backgroundColorBottom } = options
      rt.shell.setBackground({ backgroundColor, backgroundColorTop, backgroundColorBottom }, rt.router.current())
    },
    setBackgroundTextStyle({ textStyle }) {
      if (textStyle !== 'dark' && textStyle !== 'light') throw fail(`invalid textStyle "${String(textStyle)}"`)
      rt.shell.setBackground({ textStyle }, rt.router.current())
    },

    startPullDownRefresh() {
      rt.router.startPullDownRefresh()
    },
    stopPullDownRefresh() {
      rt.router.stopPullDownRefresh()
    },
    async pageScrollTo(options) {
      const page = rt.router.current()
      if (!page) throw fail('page is not ready')
      let top = Number(options.scrollTop)
      if (typeof options.selector === 'string') {
        const target = select(page.component, options.selector)[0]?.dom
        if (!target) throw fail(`selector "${options.selector}" is not found`)
        const offset = target.getBoundingClientRect().top - page.scroller.getBoundingClientRect().top
        top = page.scroller.scrollTop + offset + (Number(options.offsetTop) || 0)
      }
      if (Number.isNaN(top)) throw fail('parameter error: parameter.scrollTop should be Number instead of Undefined;')
      await rt.router.scrollTo(page, top, options.duration === undefined ? 300 : Number(options.duration) || 0)
    },
    loadFontFace: (options) => loadFontFace(rt, options),

    hideKeyboard() {
      const element = focused()
      if (!editable(element)) throw fail('input not exists')
      element.blur()
    },
    getSelectedTextRange() {
      const element = focused()
      if (!editable(element) || !('selectionStart' in element)) throw fail('no input is focused')
      return { start: element.selectionStart ?? 0, end: element.selectionEnd ?? 0 }
    },
    enableAlertBeforeUnload(options) {
      requireParameter(options, 'message', 'String')
      rt.shell.alertBeforeBack(options.message)
    },
    disableAlertBeforeUnload() {
      rt.shell.alertBeforeBack(undefined)
    },
    setWindowSize() {
      throw fail('only supported on PC')
    },
    setVisualEffectOnCapture() {},
    ...tabBar(rt),
  },
  sync: {
    nextTick: (run: () => void) => queueMicrotask(() => rt.guard('wx.nextTick', run)),
    getMenuButtonBoundingClientRect: () => ({ ...rt.system.menuButton }),
    ...events(rt),
  },
  partial: {
    setTopBarText: 'WeChat itself ignores it since version 7: the chat list it wrote to is gone',
    setVisualEffectOnCapture: 'a browser cannot keep its screen from being captured',
    onKeyboardHeightChange: 'fires where the browser tells the height of its on-screen keyboard',
    onMenuButtonBoundingClientRectWeightChange: 'the capsule never changes its weight',
    setWindowSize: 'the host decides the size of the phone',
  },
})

function tabBar(rt: Runtime): NonNullable<Area['async']> {
  const bar = () => {
    if (!rt.shell.tabBar.visible()) throw fail('not TabBar page')
    return rt.shell.tabBar
  }
  const item = (options: any) => {
    requireParameter(options, 'index', 'Number')
    const calls = bar()
    if (!rt.config.tabBar?.list[options.index]) throw fail('tabbar item not found')
    return calls
  }
  return {
    showTabBar: ({ animation }) => bar().show(Boolean(animation)),
    hideTabBar: ({ animation }) => bar().hide(Boolean(animation)),
    setTabBarBadge(options) {
      const calls = item(options)
      requireParameter(options, 'text', 'String')
      calls.setBadge(options.index, options.text)
    },
    removeTabBarBadge: (options) => item(options).removeBadge(options.index),
    showTabBarRedDot: (options) => item(options).setRedDot(options.index, true),
    hideTabBarRedDot: (options) => item(options).setRedDot(options.index, false),
    setTabBarItem(options) {
      const { text, iconPath, selectedIconPath } = options
      item(options).setItem(options.index, { text, iconPath, selectedIconPath })
    },
    setTabBarStyle({ color: text, selectedColor, backgroundColor, borderStyle }) {
      bar().setStyle({ color: text, selectedColor, backgroundColor, borderStyle })
    },
  }
}

function events(rt: Runtime): { [name: string]: unknown } {
  const keyboard = new Listeners<{ height: number }>(rt, 'onKeyboardHeightChange')
  const resize = new Listeners(rt, 'onWindowResize')
  rt.on('keyboardHeightChange', (detail) => keyboard.emit(detail))
  rt.on('windowResize', (detail) => resize.emit(detail))
  const never = new Listeners(rt, 'onMenuButtonBoundingClientRectWeightChange')
  return {
    onKeyboardHeightChange: keyboard.on,
    offKeyboardHeightChange: keyboard.off,
    onWindowResize: resize.on,
    offWindowResize: resize.off,
    onMenuButtonBoundingClientRectWeightChange: never.on,
    offMenuButtonBoundingClientRectWeightChange: never.off,
  }
}
