/** The page list, and the pages that are open. */
import { button, h } from '../host/chrome/dom'
import type { Say } from './words'

export type RouteStack = { route: string; query: { [key: string]: string } }[]

/** "pages/a?x=1" as a program would write it. */
export function urlOf({ route, query }: RouteStack[number]): string {
  const pairs = Object.entries(query).map(([key, value]) => `${key}=${encodeURIComponent(value)}`)
  return pairs.length ? `${route}?${pairs.join('&')}` : route
}

export class PagesPanel {
  readonly element: HTMLElement
  private readonly filter: HTMLInputElement
  private readonly open = h('ol', { class: 'list' })
  private readonly all = h('ul', { class: 'list' })
  private pages: string[] = []
  private stack: RouteStack = []

  constructor(private readonly say: Say, private readonly navigate: (url: string) => void) {
    this.filter = h('input', { type: 'search', placeholder: say('filter'), 'aria-label': say('filter') })
    this.filter.addEventListener('input', () => this.list())
    this.element = h('div', { class: 'scroll' },
      h('h2', {}, say('stack')), this.open, h('h2', {}, say('allPages')), h('div', { class: 'tools' }, this.filter), this.all)
  }

  setPages(pages: string[]): void {
    this.pages = pages
    this.list()
  }

  setStack(stack: RouteStack): void {
    this.stack = stack
    const entries = stack.map((entry) => h('li', { class: 'plain' }, urlOf(entry))).reverse()
    this.open.replaceChildren(...(entries.length ? entries : [h('li', { class: 'soft' }, this.say('stackEmpty'))]))
    this.list()
  }

  private list(): void {
    const text = this.filter.value.trim().toLowerCase()
    const current = this.stack.at(-1)?.route
    const entries = this.pages.filter((page) => page.toLowerCase().includes(text)).map((page) => {
      const entry = button(page, 'entry', () => this.navigate(`/${page}`))
      if (page === current) entry.setAttribute('aria-current', 'page')
      return h('li', {}, entry)
    })
    this.all.replaceChildren(...(entries.length ? entries : [h('li', { class: 'soft' }, this.say('noMatch'))]))
  }
}
