/** `<picker>`: a tap on its content opens a sheet with wheels. */
import { tapOnSpace } from './choice'
import { Builtin } from './kit'
import { onTap, type LabelTarget } from './label'
import {
  dateModel, type PickerModel, rangeModel, regionModel, type Regions, type RegionValue, timeModel,
} from './picker-columns'
import { PickerSheet } from './picker-sheet'

interface PickerProps {
  mode: string
  disabled: boolean
  headerText: string
  name: string
  range: unknown
  rangeKey: string
  value: unknown
  start: string
  end: string
  fields: string
  customItem: string
  level: string
}

const LEVELS: { [level: string]: number } = { province: 1, city: 2, region: 3, 'sub-district': 3 }

export class Picker extends Builtin<PickerProps> implements LabelTarget {
  static tag = 'picker'
  static override properties = {
    mode: { type: String, value: 'selector' },
    disabled: Boolean,
    headerText: String,
    name: String,
    range: { type: null, value: [] },
    rangeKey: String,
    value: { type: null, value: null },
    start: String,
    end: String,
    fields: { type: String, value: 'day' },
    customItem: String,
    level: { type: String, value: 'region' },
  }
  static field = true
  static css = 'wx-picker{display:block;cursor:pointer}'

  private sheet: PickerSheet | undefined
  private model: PickerModel | undefined

  override create(): void {
    const { host } = this
    host.setAttribute('role', 'button')
    host.setAttribute('aria-haspopup', 'dialog')
    host.tabIndex = 0
    onTap(this, () => this.labelTap())
    tapOnSpace(host, () => this.props.disabled)
  }

  labelTap(): void {
    if (!this.props.disabled && !this.sheet) void this.open()
  }

  override update(name: keyof PickerProps): void {
    if (name === 'disabled') this.host.setAttribute('aria-disabled', String(this.props.disabled))
    // A columnchange handler gives other columns new ranges while the sheet is open.
    if (this.sheet && this.props.mode === 'multiSelector' && (name === 'range' || name === 'value')) {
      this.model = this.ranges()
      this.sheet.show(this.model.columns())
    }
  }

  override detached(): void {
    this.sheet?.end(false)
  }

  private async open(): Promise<void> {
    // The sheet stands before a heavy model (regions) has loaded.
    const sheet = new PickerSheet(this.rt, this.props.headerText, {
      moved: (column, index) => this.moved(column, index),
      done: (confirmed) => this.done(confirmed),
    })
    this.sheet = sheet
    const model = await this.createModel()
    if (this.sheet !== sheet) return
    this.model = model
    sheet.show(model.columns())
  }

  private async createModel(): Promise<PickerModel> {
    const { mode, value, start, end, fields, level, customItem } = this.props
    const { rt } = this
    const now = new Date()
    switch (mode) {
      case 'time':
        return timeModel(value, start, end, now)
      case 'date':
        return dateModel({ value, start, end, fields, units: [rt.t('year'), rt.t('month'), rt.t('day')] }, now)
      case 'region': {
        if (level === 'sub-district') rt.reportUnsupported('component', 'picker.level.sub-district')
        const { regions } = (await rt.chunk('regions')) as { regions: Regions }
        return regionModel(regions, Array.isArray(value) ? value : [], LEVELS[level] ?? 3, customItem)
      }
      default:
        return this.ranges()
    }
  }

  private ranges(): PickerModel<number[]> {
    const { mode, range, rangeKey, value } = this.props
    const listOf = (some: unknown): unknown[] => (Array.isArray(some) ? some : [])
    const list = listOf(range)
    if (mode !== 'multiSelector') return rangeModel([list], rangeKey, [value])
    return rangeModel(list.map(listOf), rangeKey, listOf(value))
  }

  private moved(column: number, index: number): void {
    this.model?.move(column, index)
    if (this.props.mode === 'multiSelector') this.trigger('columnchange', { column, value: index })
    if (this.model) this.sheet?.show(this.model.columns())
  }

  private done(confirmed: boolean): void {
    this.sheet = undefined
    const { model } = this
    this.model = undefined
    if (!confirmed || !model) {
      this.trigger('cancel')
      return
    }
    const detail = this.detail(model.value())
    this.set({ value: detail.value })
    this.trigger('change', detail)
  }

  /** In mode selector the index is a string, as on WeChat. */
  private detail(chosen: unknown): { value: unknown } {
    const { mode } = this.props
    if (mode === 'region') return { ...(chosen as RegionValue) }
    if (mode === 'time' || mode === 'date' || mode === 'multiSelector') return { value: chosen }
    return { value: String((chosen as number[])[0]) }
  }

  override formValue(): unknown {
    return this.props.value
  }

  override formReset(): void {
    const empty = { multiSelector: [], region: [], time: '', date: '' }[this.props.mode]
    this.set({ value: empty ?? 0 })
  }
}
