/** `<radio>` and `<radio-group>`. */
import css from './radio.css'
import { Choice, ChoiceGroup } from './choice'

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
  static css = css

  protected readonly kind = 'radio'
  protected override get group(): ChoiceGroup | undefined {
    return this.closest(RadioGroup)
  }

  /** As on WeChat, a colour other than the default is an inline style, which beats the program's sheets. */
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
