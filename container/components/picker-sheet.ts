/** The sheet that comes up from below with a picker's wheels. */
import type { Runtime } from '../runtime/context'
import { el } from './kit'
import type { Column } from './picker-columns'
import { Wheel } from './wheel'

const ITEM = 48
const ROWS = 5

const CSS = `.eden-picker{position:relative;margin-top:auto;background:var(--eden-surface,#fff);color:var(--eden-fg-0,rgba(0,0,0,.9));border-radius:12px 12px 0 0;overflow:hidden;padding-bottom:var(--safe-area-inset-bottom,0px);animation:eden-picker-in .25s ease;user-select:none;-webkit-user-select:none}
@keyframes eden-picker-in{from{transform:translateY(100%)}}
@media (prefers-reduced-motion:reduce){.eden-picker{animation:none}}
.eden-picker-head{display:flex;align-items:center;justify-content:space-between;min-height:48px;padding:0 8px;border-bottom:.5px solid var(--eden-line,rgba(0,0,0,.1))}
.eden-picker-title{flex:1;min-width:0;text-align:center;font-weight:500;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.eden-picker .eden-picker-action{padding:8px;min-width:56px;font-size:17px;color:var(--eden-fg-1,rgba(0,0,0,.55))}
.eden-picker .eden-picker-confirm{color:var(--eden-brand,#07c160);font-weight:500}
.eden-picker-body{position:relative;display:flex;height:${ITEM * ROWS}px}
.eden-picker-body::before,.eden-picker-body::after{content:"";position:absolute;left:0;right:0;height:${(ITEM * (ROWS - 1)) / 2}px;z-index:1;pointer-events:none}
.eden-picker-body::before{top:0;border-bottom:.5px solid var(--eden-line,rgba(0,0,0,.1))}
.eden-picker-body::after{bottom:0;border-top:.5px solid var(--eden-line,rgba(0,0,0,.1))}
.eden-wheel{position:relative;flex:1;min-width:0;overflow:hidden;cursor:grab;touch-action:none;-webkit-mask:linear-gradient(rgba(0,0,0,.25),rgba(0,0,0,.6) 40%,#000 40%,#000 60%,rgba(0,0,0,.6) 60%,rgba(0,0,0,.25));mask:linear-gradient(rgba(0,0,0,.25),rgba(0,0,0,.6) 40%,#000 40%,#000 60%,rgba(0,0,0,.6) 60%,rgba(0,0,0,.25))}
.eden-wheel:focus{outline:none}
.eden-wheel:focus-visible .eden-wheel-items{color:var(--eden-link,#576b95)}
.eden-wheel-items{position:absolute;left:0;right:0;top:50%;margin-top:${-ITEM / 2}px;text-align:center;font-size:17px;will-change:transform}
.eden-wheel-items>div{height:${ITEM}px;line-height:${ITEM}px;padding:0 4px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}`

let styled = false
function addStyles(): void {
  if (styled) return
  styled = true
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(CSS)
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
      button('cancel', 'eden-picker-cancel', false), el('div', 'eden-picker-title', title), button('confirm', 'eden-picker-confirm', true))
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
