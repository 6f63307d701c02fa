/** Tabs of the panel, by the WAI-ARIA pattern: arrow keys move, one tab is in the focus order. */
import { h } from '../host/chrome/dom'

export interface Tab { id: string; title: string; element: HTMLElement; shown?: () => void }

export class Tabs {
  readonly list: HTMLElement
  readonly panels: HTMLElement[]
  private readonly buttons: HTMLButtonElement[]
  private current = 0

  constructor(label: string, private readonly tabs: readonly Tab[], private readonly onSelect: (id: string) => void) {
    this.buttons = tabs.map(({ id, title }, index) => {
      const tab = h('button', { type: 'button', role: 'tab', id: `tab-${id}`, 'aria-controls': `panel-${id}` }, title)
      tab.addEventListener('click', () => this.select(index))
      return tab
    })
    this.panels = tabs.map(({ id, element }) => h('div', { role: 'tabpanel', id: `panel-${id}`, 'aria-labelledby': `tab-${id}` }, element))
    this.list = h('div', { role: 'tablist', 'aria-label': label }, ...this.buttons)
    this.list.addEventListener('keydown', (event) => this.move(event))
  }

  get selected(): string { return this.tabs[this.current]!.id }

  selectId(id: string | null): void { this.select(Math.max(0, this.tabs.findIndex((tab) => tab.id === id))) }

  /** A number beside the title; 0: none. */
  setBadge(id: string, count: number, alarming: boolean): void {
    const tab = this.buttons[this.tabs.findIndex((one) => one.id === id)]
    if (!tab) return
    if (count) tab.dataset.badge = count > 99 ? '99+' : String(count)
    else delete tab.dataset.badge
    tab.classList.toggle('alarming', alarming)
  }

  private select(index: number): void {
    this.current = index
    this.buttons.forEach((tab, at) => {
      tab.setAttribute('aria-selected', String(at === index))
      tab.tabIndex = at === index ? 0 : -1
      this.panels[at]!.hidden = at !== index
    })
    const { id, shown } = this.tabs[index]!
    this.onSelect(id)
    shown?.()
  }

  private move(event: KeyboardEvent): void {
    const { key } = event
    const count = this.tabs.length
    const to = key === 'ArrowRight' ? this.current + 1 : key === 'ArrowLeft' ? this.current - 1 : key === 'Home' ? 0 : key === 'End' ? count - 1 : undefined
    if (to === undefined) return
    event.preventDefault()
    this.select((to + count) % count)
    this.buttons[this.current]!.focus()
  }
}
