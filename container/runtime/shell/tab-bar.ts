/** The application's tab bar. A custom one is a component of the program: nothing is drawn here then. */
import type { AppConfig, Files, Shell } from '../context'
import type { Motion } from './dom'
import { animate, h } from './dom'
import { themed } from './theme'

export interface TabBar {
  readonly element: HTMLElement
  /** Index of the tab in front, or -1 when a page that is no tab covers the bar. */
  select(index: number): void
  refresh(): void
  readonly calls: Shell['tabBar']
}

interface Context {
  config: AppConfig
  files: Pick<Files, 'url'>
  theme(): 'light' | 'dark'
  t(key: string): string
  motion: Motion
  tap(index: number): void
  /** the bar's own room is given to, or taken from, the tab pages */
  room(on: boolean): void
}

interface Item {
  button: HTMLButtonElement
  image: HTMLImageElement
  mark: HTMLElement
  text: HTMLElement
  changes: { text?: string; iconPath?: string; selectedIconPath?: string }
}

export function createTabBar(context: Context): TabBar {
  const { t, motion } = context
  const tabBar = context.config.tabBar
  const drawn = tabBar && !tabBar.custom
  const element = h('div', {
    class: 'eden-tabs',
    role: 'tablist',
    'aria-label': t('tabBar'),
    hidden: true,
    'data-position': tabBar?.position ?? 'bottom',
  })
  let selected = -1
  let shown = true
  let style: { color?: string; selectedColor?: string; backgroundColor?: string; borderStyle?: string } = {}

  const items: Item[] = (drawn ? tabBar.list : []).map((_, index) => {
    const image = h('img', { alt: '', draggable: 'false' })
    const mark = h('span', { class: 'eden-tab-mark' })
    const text = h('span', { class: 'eden-tab-text' })
    const button = h(
      'button',
      { class: 'eden-tab', type: 'button', role: 'tab' },
      h('span', { class: 'eden-tab-icon' }, image),
      text,
    )
    button.addEventListener('click', () => context.tap(index))
    element.append(button)
    return { button, image, mark, text, changes: {} }
  })
  element.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    const at = items.findIndex((item) => item.button === document.activeElement)
    if (step && at >= 0) items[(at + step + items.length) % items.length]?.button.focus()
  })

  const refresh = (): void => {
    if (!drawn) return
    const read = <T>(value: T): T | undefined => themed(value, context.config, context.theme())
    const color = style.color ?? read(tabBar.color) ?? '#7d7e80'
    const selectedColor = style.selectedColor ?? read(tabBar.selectedColor) ?? '#3cc51f'
    element.style.backgroundColor = style.backgroundColor ?? read(tabBar.backgroundColor) ?? '#ffffff'
    element.dataset.border = (style.borderStyle ?? read(tabBar.borderStyle)) === 'white' ? 'white' : 'black'
    let icons = false
    items.forEach((item, index) => {
      const entry = { ...tabBar.list[index], ...item.changes }
      const on = index === selected
      const source = read((on && entry.selectedIconPath) || entry.iconPath)
      const withIcon = Boolean(source) && tabBar.position !== 'top'
      icons ||= withIcon
      item.image.hidden = !withIcon
      item.image.parentElement!.hidden = !withIcon
      if (withIcon) {
        const url = context.files.url(source!)
        if (item.image.getAttribute('src') !== url) item.image.src = url
      }
      item.text.textContent = entry.text ?? ''
      item.button.style.color = on ? selectedColor : color
      item.button.setAttribute('aria-selected', String(on))
      item.button.tabIndex = on || (selected < 0 && index === 0) ? 0 : -1
      label(item)
    })
    element.toggleAttribute('data-plain', !icons)
    for (const item of items) (icons ? item.image.parentElement! : item.button).append(item.mark)
  }
  const label = (item: Item): void => {
    const { mark } = item
    mark.hidden = !mark.textContent && !mark.hasAttribute('data-dot')
    const news = mark.hidden ? '' : mark.textContent ? `, ${mark.textContent} ${t('badge')}` : `, ${t('redDot')}`
    item.button.setAttribute('aria-label', (item.text.textContent ?? '') + news)
  }
  const mark = (index: number, text: string, dot: boolean): void => {
    const item = items[index]
    if (!item) return
    // WeChat shows at most four characters and cuts the rest.
    item.mark.textContent = text.length > 4 ? '...' : text
    item.mark.toggleAttribute('data-dot', dot)
    label(item)
  }
  const slide = async (on: boolean, animation: boolean): Promise<void> => {
    if (!drawn || shown === on) return
    shown = on
    const away = `translateY(${tabBar.position === 'top' ? '-100%' : '100%'})`
    const frames = [{ transform: on ? away : 'none' }, { transform: on ? 'none' : away }]
    if (on) element.hidden = selected < 0
    else context.room(false)
    await animate(element, frames, animation ? motion(200) : 0)
    if (shown !== on) return
    element.hidden = !on || selected < 0
    context.room(on)
  }
  refresh()

  return {
    element,
    refresh,
    select(index) {
      selected = index
      element.hidden = !drawn || !shown || index < 0
      if (index >= 0) refresh()
    },
    calls: {
      show: (animation) => void slide(true, animation),
      hide: (animation) => void slide(false, animation),
      setBadge: (index, text) => mark(index, text, false),
      removeBadge: (index) => mark(index, '', false),
      setRedDot: (index, on) => mark(index, '', on),
      setItem(index, changes) {
        const item = items[index]
        if (!item) return
        for (const [name, value] of Object.entries(changes))
          if (value !== undefined) Object.assign(item.changes, { [name]: value })
        refresh()
      },
      setStyle(changes) {
        for (const [name, value] of Object.entries(changes))
          if (value !== undefined) style = { ...style, [name]: value }
        refresh()
      },
      visible: () => Boolean(tabBar) && selected >= 0,
    },
  }
}
