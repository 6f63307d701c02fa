/** `<switch>`, as a switch or (type="checkbox") as a checkbox. */
import css from './switch.css'
import { tapOnSpace } from './choice'
import { Builtin, el } from './kit'
import { onTap, type LabelTarget } from './label'
import { loadTick } from './tick'

interface SwitchProps {
  checked: boolean
  disabled: boolean
  type: string
  color: string
  name: string
}

export class Switch extends Builtin<SwitchProps> implements LabelTarget {
  static tag = 'switch'
  static override properties = {
    checked: Boolean,
    disabled: Boolean,
    type: { type: String, value: 'switch' },
    color: { type: String, value: '#04BE02' },
    name: String,
  }
  static field = true
  static css = css

  private box!: HTMLElement

  override create(): void {
    this.box = el('div')
    this.host.append(el('div', 'wx-switch-wrapper', this.box))
    this.host.tabIndex = 0
    onTap(this, () => this.labelTap())
    tapOnSpace(this.host, () => this.props.disabled)
  }

  override update(): void {
    const { checked, disabled, type, color } = this.props
    const isSwitch = type !== 'checkbox'
    if (!isSwitch) loadTick()
    const name = isSwitch ? 'wx-switch-input' : 'wx-checkbox-input'
    this.box.className = name
    this.box.classList.toggle(`${name}-checked`, checked)
    this.box.classList.toggle(`${name}-disabled`, disabled)
    const own = isSwitch && checked && color.toLowerCase() !== '#04be02' ? color : ''
    this.box.style.backgroundColor = own
    this.box.style.borderColor = own
    this.box.style.color = isSwitch ? '' : color
    this.host.setAttribute('role', isSwitch ? 'switch' : 'checkbox')
    this.host.setAttribute('aria-checked', String(checked))
    this.host.setAttribute('aria-disabled', String(disabled))
  }

  labelTap(): void {
    if (this.props.disabled) return
    this.set({ checked: !this.props.checked })
    this.trigger('change', { value: this.props.checked })
  }

  override formValue(): boolean {
    return this.props.checked
  }

  override formReset(): void {
    this.set({ checked: false })
  }
}
