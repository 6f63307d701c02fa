/** The bar above a page, as WeChat for iOS draws it; the capsule at its right belongs to the host. */
import { h, icon } from './dom'

export interface NavigationBar {
  readonly element: HTMLElement
  setTitle(title: string): void
  setColor(front: string, background: string, animation?: { duration?: number; timingFunc?: string }): void
  loading(on: boolean): void
  showBack(on: boolean): void
  showHome(on: boolean): void
}

const TIMING: { [name: string]: string } = {
  linear: 'linear',
  easeIn: 'ease-in',
  easeOut: 'ease-out',
  easeInOut: 'ease-in-out',
}

/** `#fff`/`white` or black: what the bar's text, status bar and back arrow are drawn in. */
export const textStyle = (front: string): 'black' | 'white' => (/^(#fff(fff)?|white)$/i.test(front) ? 'white' : 'black')

export function createNavigationBar(
  t: (key: string) => string,
  actions: { back(): void; home(): void; top(): void },
): NavigationBar {
  const title = h('div', { class: 'eden-title', role: 'heading', 'aria-level': '1' })
  const spinner = h(
    'span',
    { class: 'eden-spinner', role: 'status', 'aria-label': t('loading'), hidden: true },
    icon('loading', 16),
  )
  const back = h(
    'button',
    { class: 'eden-back', type: 'button', 'aria-label': t('back'), hidden: true },
    icon('back', 20, 12),
  )
  const home = h(
    'button',
    { class: 'eden-home', type: 'button', 'aria-label': t('home'), hidden: true },
    icon('home', 20),
  )
  const row = h('div', { class: 'eden-bar-row' }, h('div', { class: 'eden-bar-lead' }, back, home), spinner, title)
  const element = h('div', { class: 'eden-bar', role: 'banner' }, row)
  back.addEventListener('click', actions.back)
  home.addEventListener('click', actions.home)
  row.addEventListener('dblclick', (event) => {
    if (!(event.target as Element).closest('button')) actions.top()
  })
  return {
    element,
    setTitle: (text) => {
      title.textContent = text
    },
    setColor(front, background, animation) {
      const timing = TIMING[animation?.timingFunc ?? ''] ?? 'linear'
      const duration = animation?.duration ?? 0
      element.style.transition = duration
        ? `background-color ${duration}ms ${timing},color ${duration}ms ${timing}`
        : ''
      element.style.backgroundColor = background
      element.dataset.text = textStyle(front)
    },
    loading: (on) => {
      spinner.hidden = !on
    },
    showBack: (on) => {
      back.hidden = !on
    },
    showHome: (on) => {
      home.hidden = !on
    },
  }
}
