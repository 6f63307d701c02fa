/** The sheet that comes up from below with a picker's wheels. */
import css from './picker-sheet.css'
import type { Runtime } from '../runtime/context'
import { el } from './kit'
import type { Column } from './picker-columns'
import { Wheel } from './wheel'

/** Height of an entry in px, as in the style sheet. */
const ITEM = 48


let styled = false
function addStyles(): void {
  if (styled) return
  styled = true
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(css)
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]
}

export interface SheetHooks {
  moved(column: number, index: number): void
  done(confirmed: boolean): void
}

export class PickerSheet {
  private readonly body = el('div', 'eden-picker-body')
  private wheels: { wheel: Wheel; items: HTMLElement; labels: string[] }[] = []
  private readonly close: () => void
  private open = true

  constructor(rt: Runtime, title: string, private readonly hooks: SheetHooks) {
    addStyles()
    const button = (key: string, name: string, confirmed: boolean) => {
      const node = el('button', `eden-picker-action ${name}`, rt.t(key))
      node.type = 'button'
      node.addEventListener('click', () => this.end(confirmed))
      return node
    }
    const head = el('div', 'eden-picker-head',
      button('cancel', 'eden-picker-cancel', false),
      el('div', 'eden-picker-title', title),
      button('confirm', 'eden-picker-confirm', true))
    const sheet = el('div', 'eden-picker', head, this.body)
    sheet.setAttribute('role', 'dialog')
    sheet.setAttribute('aria-modal', 'true')
    sheet.setAttribute('aria-label', title || rt.t('select'))
    sheet.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && (event.target as HTMLElement).tagName !== 'BUTTON') this.end(true)
    })
    this.close = rt.shell.layer(sheet, { onMask: () => this.end(false) })
  }

  /** Show these columns; wheels that stay keep turning. */
  show(columns: Column[]): void {
    const before = this.wheels.length
    columns.forEach(({ labels, index }, column) => {
      const entry = (this.wheels[column] ??= this.add(column))
      if (entry.labels.length !== labels.length || entry.labels.some((text, i) => text !== labels[i])) {
        entry.labels = labels
        entry.items.replaceChildren(...labels.map((text) => el('div', '', text)))
        entry.wheel.select(index)
      } else if (entry.wheel.index !== index) entry.wheel.select(index)
      entry.wheel.describe()
    })
    for (const { wheel } of this.wheels.splice(columns.length)) wheel.viewport.remove()
    if (!before) this.wheels[0]?.wheel.viewport.focus({ preventScroll: true })
  }

  private add(column: number): { wheel: Wheel; items: HTMLElement; labels: string[] } {
    const items = el('div', 'eden-wheel-items')
    const viewport = el('div', 'eden-wheel', items)
    this.body.append(viewport)
    const entry = { items, labels: [] as string[], wheel: undefined as unknown as Wheel }
    entry.wheel = new Wheel(viewport, items, {
      count: () => entry.labels.length,
      text: (index) => entry.labels[index] ?? '',
      moved: (index, settled) => { if (!settled) this.hooks.moved(column, index) },
    })
    entry.wheel.layout(ITEM)
    return entry
  }

  end(confirmed: boolean): void {
    if (!this.open) return
    this.open = false
    for (const { wheel } of this.wheels) wheel.halt()
    this.close()
    this.hooks.done(confirmed)
  }
}
