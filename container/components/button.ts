/** `<button>`. Looks follow WeChat's two styles: the first one, and `"style": "v2"` of app.json. */
import css from './button.css'
import { Form } from './form'
import { hoverable, type HoverProps } from './hover'
import { Builtin, fireTap } from './kit'
import { onTap, type LabelTarget } from './label'
import { openCapability, type OpenTypeProps } from './open-type'

export interface ButtonProps extends HoverProps, OpenTypeProps {
  size: string
  type: string
  plain: boolean
  disabled: boolean
  loading: boolean
  formType: string
}

export class Button extends Builtin<ButtonProps> implements LabelTarget {
  static tag = 'button'
  static override properties = {
    size: { type: String, value: 'default' },
    type: String,
    plain: Boolean,
    disabled: Boolean,
    loading: Boolean,
    formType: String,
    openType: String,
    hoverClass: { type: String, value: 'button-hover' },
    hoverStopPropagation: Boolean,
    hoverStartTime: { type: Number, value: 20 },
    hoverStayTime: { type: Number, value: 70 },
    lang: { type: String, value: 'en' },
    sessionFrom: String,
    sendMessageTitle: String,
    sendMessagePath: String,
    sendMessageImg: String,
    appParameter: String,
    showMessageCard: Boolean,
    phoneNumberNoQuotaToast: { type: Boolean, value: true },
    businessId: String,
    needShowEntrance: { type: Boolean, value: true },
    entrancePath: String,
    activityType: { type: null, value: '' },
    name: String,
  }
  static css = css

  override create(): void {
    const { host, component } = this
    host.setAttribute('role', 'button')
    host.tabIndex = 0
    if (this.rt.config.style === 'v2') host.setAttribute('eden-v2', '')
    hoverable(this, 'button-hover')
    // Nothing in or around a disabled button hears its taps.
    component.addListener('tap', (event) => { if (this.props.disabled) event.stopPropagation() }, { capture: true })
    onTap(this, () => this.pressed())
  }

  override update(name: keyof ButtonProps): void {
    const { host, props } = this
    if (name === 'type' || name === 'size') {
      if (props[name] && props[name] !== (name === 'size' && 'default')) host.setAttribute(name, props[name])
      else host.removeAttribute(name)
    } else if (name === 'plain' || name === 'disabled' || name === 'loading') {
      host.toggleAttribute(name, props[name])
      if (name === 'loading') host.setAttribute('aria-busy', String(props.loading))
      if (name === 'disabled') {
        host.setAttribute('aria-disabled', String(props.disabled))
        host.tabIndex = props.disabled ? -1 : 0
      }
    }
  }

  /** A label's tap is a tap on the button itself. */
  labelTap(): void {
    if (!this.props.disabled) fireTap(this.host)
  }

  private pressed(): void {
    const { formType, openType } = this.props
    if (formType) this.closest(Form)?.act(formType, this)
    if (openType) void openCapability(this, openType)
  }
}
