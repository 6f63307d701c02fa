/** Bottom sheets over the frame: one at a time, modal, keyboard and screen readers included. */
import { h } from './dom'

/** Buttons of a sheet that just appeared do nothing for this long, so that a tap meant for the program cannot agree. */
const SETTLE = 300

export interface Sheet {
  element: HTMLElement
  close(): void
}

export class SheetLayer {
  private open: { mask: HTMLElement; onDismiss: () => void; focused: Element | null }[] = []

  /** @param covered what must not be reachable while a sheet is open */
  constructor(private readonly parent: HTMLElement, private readonly covered: HTMLElement[]) {}

  /** Show a sheet; `onDismiss` is called when the person leaves it without a choice. */
  show(
    label: string,
    content: (Node | string)[],
    onDismiss: () => void,
    options: { full?: boolean; settle?: boolean } = {},
  ): Sheet {
    const sheet = h(
      'section',
      {
        class: options.full ? 'sheet full' : 'sheet',
        role: 'dialog',
        'aria-modal': 'true',
        'aria-label': label,
        tabindex: '-1',
      },
      ...content,
    )
    const mask = h('div', { class: 'mask' }, sheet)
    const root = this.parent.getRootNode() as ShadowRoot
    const entry = { mask, onDismiss, focused: root.activeElement }
    mask.addEventListener('click', (event) => { if (event.target === mask) onDismiss() })
    mask.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') {
        event.stopPropagation()
        onDismiss()
      } else if (event.key === 'Tab') {
        keepFocus(event, sheet, root)
      }
    })
    if (options.settle) settle(sheet)
    this.open.push(entry)
    this.cover()
    this.parent.append(mask)
    ;(sheet.querySelector<HTMLElement>('input,textarea') ?? sheet).focus({ preventScroll: true })
    return { element: sheet, close: () => this.close(entry) }
  }

  get isOpen(): boolean { return this.open.length > 0 }

  /** Leave the topmost sheet; false if there is none. */
  dismiss(): boolean {
    const top = this.open.at(-1)
    top?.onDismiss()
    return top !== undefined
  }

  private close(entry: (typeof this.open)[number]): void {
    if (!this.open.includes(entry)) return
    this.open = this.open.filter((one) => one !== entry)
    entry.mask.remove()
    this.cover()
    if (entry.focused instanceof HTMLElement) entry.focused.focus({ preventScroll: true })
  }

  private cover(): void {
    for (const node of this.covered) node.inert = this.isOpen
  }
}

function settle(sheet: HTMLElement): void {
  const buttons = [...sheet.querySelectorAll('button')].filter((one) => !one.disabled)
  for (const one of buttons) one.disabled = true
  setTimeout(() => { for (const one of buttons) one.disabled = false }, SETTLE)
}

function keepFocus(event: KeyboardEvent, sheet: HTMLElement, root: ShadowRoot): void {
  const stops = [...sheet.querySelectorAll<HTMLElement>('button,input,textarea,select,a[href],[tabindex="0"]')].filter(
    (one) => !(one as HTMLButtonElement).disabled,
  )
  const first = stops[0]
  const last = stops.at(-1)
  if (!first || !last) return event.preventDefault()
  const at = root.activeElement
  if (event.shiftKey ? at === first || at === sheet : at === last) {
    event.preventDefault()
    ;(event.shiftKey ? last : first).focus()
  }
}
