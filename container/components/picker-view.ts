/** `<picker-view>` and `<picker-view-column>`: wheels in the page. */
import columnCss from './picker-view-column.css'
import { Builtin, el } from './kit'
import { Wheel } from './wheel'

interface PickerViewProps {
  value: unknown[]
  name: string
  indicatorStyle: string
  indicatorClass: string
  maskStyle: string
  maskClass: string
  immediateChange: boolean
}

export class PickerView extends Builtin<PickerViewProps> {
  static tag = 'picker-view'
  static override properties = {
    value: Array,
    name: String,
    indicatorStyle: String,
    indicatorClass: String,
    maskStyle: String,
    maskClass: String,
    immediateChange: Boolean,
  }
  static field = true
  static css = `wx-picker-view{display:block;position:relative}
.eden-picker-view{display:flex;position:relative;height:100%;overflow:hidden}`

  readonly columns = new Set<PickerViewColumn>()

  override create(): void {
    this.slot = el('div', 'eden-picker-view')
    this.host.append(this.slot)
    this.host.setAttribute('role', 'group')
  }

  override update(name: keyof PickerViewProps): void {
    if (name === 'value') this.ordered().forEach((column, index) => column.show(this.wanted(index)))
    else for (const column of this.columns) column.dress()
  }

  /** Columns in document order. */
  private ordered(): PickerViewColumn[] {
    return [...this.columns].sort((a, b) =>
      a.host.compareDocumentPosition(b.host) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1)
  }

  private wanted(column: number): number {
    return Math.max(0, Math.trunc(Number(this.props.value?.[column])) || 0)
  }

  join(column: PickerViewColumn): void {
    this.columns.add(column)
    column.show(this.wanted(this.ordered().indexOf(column)))
  }

  started(): void {
    this.trigger('pickstart')
  }

  moved(settled: boolean): void {
    if (settled || this.props.immediateChange) {
      const value = this.ordered().map((column) => column.wheel.index)
      if (value.some((index, column) => index !== this.wanted(column))) {
        this.set({ value })
        this.trigger('change', { value })
      }
    }
    if (settled) this.trigger('pickend')
  }

  override formValue(): number[] {
    return this.ordered().map((column) => column.wheel.index)
  }

  override formReset(): void {
    this.set({ value: [] })
  }
}

export class PickerViewColumn extends Builtin {
  static tag = 'picker-view-column'
  static css = columnCss

  wheel!: Wheel
  private readonly mask = el('div', 'eden-picker-mask')
  private readonly indicator = el('div', 'eden-picker-indicator')
  private view: PickerView | undefined
  /** the item the program asked for; items may come later */
  private wanted = 0
  private sizes: ResizeObserver | undefined
  private changes: MutationObserver | undefined

  override create(): void {
    this.slot = el('div', 'eden-picker-items')
    this.host.append(this.slot, this.mask, this.indicator)
    this.wheel = new Wheel(this.host, this.slot, {
      count: () => this.slot.children.length,
      text: (index) => this.slot.children[index]?.textContent?.trim() ?? '',
      started: () => this.view?.started(),
      moved: (index, settled) => {
        this.wanted = index
        this.view?.moved(settled)
      },
    })
  }

  override attached(): void {
    this.sizes = new ResizeObserver(() => this.measure())
    this.sizes.observe(this.host)
    this.sizes.observe(this.indicator)
    this.changes = new MutationObserver(() => this.wheel.select(this.wanted))
    this.changes.observe(this.slot, { childList: true })
    this.view = this.closest(PickerView)
    this.dress()
    this.view?.join(this)
  }

  override detached(): void {
    this.sizes?.disconnect()
    this.changes?.disconnect()
    this.wheel.halt()
    this.view?.columns.delete(this)
    this.view = undefined
  }

  show(index: number): void {
    this.wanted = index
    if (index !== this.wheel.index || this.slot.children.length <= index) this.wheel.select(index)
    else this.wheel.describe()
  }

  /** Take over the view's looks for mask and indicator. */
  dress(): void {
    if (!this.view) return
    const { indicatorStyle, indicatorClass, maskStyle, maskClass } = this.view.props
    this.indicator.style.cssText = this.view.authorStyle(indicatorStyle)
    this.indicator.className = `eden-picker-indicator ${this.view.authorClass(indicatorClass)}`
    this.mask.style.cssText = this.view.authorStyle(maskStyle)
    this.mask.className = `eden-picker-mask ${this.view.authorClass(maskClass)}`
    this.measure()
  }

  /** The indicator's height is the items' height. */
  private measure(): void {
    const item = this.indicator.offsetHeight || 34
    this.slot.style.setProperty('--eden-item', `${item}px`)
    this.mask.style.setProperty('--eden-shade', `${Math.max(0, (this.host.clientHeight - item) / 2)}px`)
    this.slot.style.marginTop = `${-item / 2}px`
    this.wheel.layout(item)
  }
}
