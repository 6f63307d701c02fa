/** `<radio>` and `<radio-group>`. */
import { dark } from './dark'
import { Choice, ChoiceGroup } from './choice'
import { TICK } from './tick'

export class RadioGroup extends ChoiceGroup {
  static tag = 'radio-group'
  static css = 'wx-radio-group{display:block}'

  override create(): void {
    this.host.setAttribute('role', 'radiogroup')
    this.host.addEventListener('keydown', (event) => this.arrow(event))
  }

  override formValue(): string {
    return this.ordered().find((item) => item.props.checked)?.props.value ?? ''
  }

  override checked(member: Choice): void {
    for (const other of this.members) if (other !== member && other.props.checked) other.set({ checked: false })
  }

  override picked(member: Choice): void {
    this.trigger('change', { value: member.props.value })
  }

  /** Arrow keys move the choice, as in a native group. */
  private arrow(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key]
    const items = this.ordered().filter((item) => !item.props.disabled)
    const at = items.findIndex((item) => item.host === event.target)
    if (!step || at < 0) return
    event.preventDefault()
    const next = items[(at + step + items.length) % items.length]!
    next.host.focus()
    next.labelTap()
  }
}

export class Radio extends Choice {
  static tag = 'radio'
  static css = `wx-radio{display:inline-block}
.wx-radio-wrapper{display:inline-flex;align-items:center;vertical-align:middle}
.wx-radio-input{position:relative;flex:none;box-sizing:content-box;margin-right:5px;width:22px;height:22px;border:1px solid #d1d1d1;border-radius:50%;background-color:#fff}
.wx-radio-input.wx-radio-input-checked{background-color:#09bb07;border-color:#09bb07}
.wx-radio-input.wx-radio-input-checked::before{${TICK};position:absolute;top:50%;left:50%;color:#fff;font-size:18px;transform:translate(-50%,-48%) scale(.73)}
.wx-radio-input.wx-radio-input-disabled{background-color:#e1e1e1;border-color:#d1d1d1}
.wx-radio-input.wx-radio-input-disabled::before{color:#adadad}
${dark('.wx-radio-input{background-color:transparent;border-color:rgba(255,255,255,.2)}.wx-radio-input.wx-radio-input-disabled{background-color:rgba(255,255,255,.1);border-color:transparent}.wx-radio-input.wx-radio-input-disabled::before{color:rgba(255,255,255,.3)}')}`

  protected readonly kind = 'radio'
  protected override get group(): ChoiceGroup | undefined {
    return this.closest(RadioGroup)
  }

  /** A colour other than the default stands in the style attribute, so that it beats the program's sheets, as on WeChat. */
  protected override paint(): void {
    const { checked, disabled, color } = this.props
    const own = checked && !disabled && color.toLowerCase() !== '#09bb07' ? color : ''
    this.box.style.backgroundColor = own
    this.box.style.borderColor = own
  }

  protected override activate(): void {
    if (this.props.checked) return
    this.set({ checked: true })
    this.group?.picked(this)
  }
}
