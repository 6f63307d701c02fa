/** `<checkbox>` and `<checkbox-group>`. */
import css from './checkbox.css'
import { Choice, ChoiceGroup } from './choice'

export class CheckboxGroup extends ChoiceGroup {
  static tag = 'checkbox-group'
  static css = 'wx-checkbox-group{display:block}'

  override create(): void {
    this.host.setAttribute('role', 'group')
  }

  override formValue(): string[] {
    return this.ordered().filter((item) => item.props.checked).map((item) => item.props.value)
  }

  override picked(): void {
    this.trigger('change', { value: this.formValue() })
  }
}

export class Checkbox extends Choice {
  static tag = 'checkbox'
  static css = css

  protected readonly kind = 'checkbox'
  protected override get group(): ChoiceGroup | undefined {
    return this.closest(CheckboxGroup)
  }

  protected override paint(): void {
    this.box.style.color = this.props.color
  }

  protected override activate(): void {
    this.set({ checked: !this.props.checked })
    this.group?.picked(this)
  }
}
