/** `<switch>`, as a switch or (type="checkbox") as a checkbox. */
import { dark } from './dark'
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
  static css = `wx-switch{display:inline-block}
.wx-switch-wrapper{display:inline-flex;align-items:center;vertical-align:middle}
.wx-switch-input{position:relative;box-sizing:border-box;margin-right:5px;width:52px;height:32px;border:1px solid #dfdfdf;border-radius:16px;background-color:#dfdfdf;transition:background-color .1s,border .1s}
.wx-switch-input::before,.wx-switch-input::after{content:" ";position:absolute;top:0;left:0;height:30px;border-radius:15px}
.wx-switch-input::before{width:50px;background-color:#fdfdfd;transition:transform .3s}
.wx-switch-input::after{width:30px;background-color:#fff;box-shadow:0 1px 3px rgba(0,0,0,.4);transition:transform .3s}
.wx-switch-input.wx-switch-input-checked{border-color:#04be02;background-color:#04be02}
.wx-switch-input.wx-switch-input-checked::before{transform:scale(0)}
.wx-switch-input.wx-switch-input-checked::after{transform:translateX(20px)}
.wx-switch-input.wx-switch-input-disabled{opacity:.7}
${dark('.wx-switch-input:not(.wx-switch-input-checked){border-color:rgba(255,255,255,.15);background-color:rgba(255,255,255,.15)}.wx-switch-input::before{background-color:#2c2c2c}')}`

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
