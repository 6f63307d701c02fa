/** `<checkbox>` and `<checkbox-group>`. */
import { dark } from './dark'
import { Choice, ChoiceGroup } from './choice'
import { TICK } from './tick'

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
  static css = `wx-checkbox{display:inline-block}
.wx-checkbox-wrapper{display:inline-flex;align-items:center;vertical-align:middle}
.wx-checkbox-input{position:relative;flex:none;box-sizing:content-box;margin-right:5px;width:22px;height:22px;border:1px solid #d1d1d1;border-radius:3px;background-color:#fff;color:#09bb07}
.wx-checkbox-input.wx-checkbox-input-checked::before{${TICK};position:absolute;top:50%;left:50%;font-size:22px;transform:translate(-50%,-48%) scale(.73)}
.wx-checkbox-input.wx-checkbox-input-disabled{background-color:#e1e1e1}
.wx-checkbox-input.wx-checkbox-input-disabled::before{color:#adadad}
${dark('.wx-checkbox-input{background-color:transparent;border-color:rgba(255,255,255,.2)}.wx-checkbox-input.wx-checkbox-input-disabled{background-color:rgba(255,255,255,.1)}.wx-checkbox-input.wx-checkbox-input-disabled::before{color:rgba(255,255,255,.3)}')}`

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
