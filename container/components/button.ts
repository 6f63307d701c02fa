/** `<button>`. Looks follow WeChat's two styles: the first one, and `"style": "v2"` of app.json. */
import { dark } from './dark'
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

const SPINNER = `url("data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="120" viewBox="0 0 100 100">' +
  Array.from({ length: 12 }, (_, i) => {
    const grey = Math.round(0xe9 - (i / 11) * (0xe9 - 0x72))
    return `<rect width="7" height="20" x="46.5" y="10" rx="5" ry="5" fill="rgb(${grey},${grey},${grey})" transform="rotate(${i * 30} 50 50)"/>`
  }).join('') + '</svg>')}")`

/** Colours for each type: [text, background], [pressed text, pressed background], [disabled text, disabled background]. */
const V1 = `wx-button{position:relative;display:block;margin-left:auto;margin-right:auto;padding-left:14px;padding-right:14px;box-sizing:border-box;font-size:18px;line-height:2.55555556;text-align:center;text-decoration:none;border-radius:5px;overflow:hidden;color:#000;background-color:#f8f8f8;cursor:pointer;user-select:none;-webkit-user-select:none;-webkit-tap-highlight-color:transparent}
wx-button::after{content:" ";position:absolute;top:0;left:0;width:200%;height:200%;box-sizing:border-box;border:1px solid rgba(0,0,0,.2);border-radius:10px;transform:scale(.5);transform-origin:0 0;pointer-events:none}
wx-button:focus-visible{outline:2px solid #576b95;outline-offset:-2px}
wx-button[type=primary]{color:#fff;background-color:#1aad19}
wx-button[type=warn]{color:#fff;background-color:#e64340}
wx-button[disabled]{color:rgba(255,255,255,.6);cursor:default}
wx-button[disabled]:not([type]),wx-button[disabled][type=default]{color:rgba(0,0,0,.3);background-color:#f7f7f7}
wx-button[disabled][type=primary]{background-color:#9ed99d}
wx-button[disabled][type=warn]{background-color:#ec8b89}
wx-button[loading][type=primary],.button-hover[type=primary]{color:rgba(255,255,255,.6);background-color:#179b16}
wx-button[loading][type=warn],.button-hover[type=warn]{color:rgba(255,255,255,.6);background-color:#ce3c39}
wx-button[loading]:not([type]),wx-button[loading][type=default]{color:rgba(0,0,0,.6);background-color:#dedede}
.button-hover{color:rgba(0,0,0,.6);background-color:#dedede}
.button-hover[type=default]{color:rgba(0,0,0,.6);background-color:#dedede}
wx-button[plain]{color:#353535;border:1px solid #353535;background-color:transparent}
wx-button[plain][type=default]{color:#353535;border-color:#353535;background-color:transparent}
wx-button[plain][type=primary]{color:#1aad19;border-color:#1aad19;background-color:transparent}
wx-button[plain][type=warn]{color:#e64340;border-color:#e64340;background-color:transparent}
wx-button[plain]::after{border-width:0}
wx-button[plain][disabled],wx-button[plain][disabled][type]{color:rgba(0,0,0,.2);border-color:rgba(0,0,0,.2);background-color:transparent}
.button-hover[plain],.button-hover[plain][type=default]{color:rgba(53,53,53,.6);border-color:rgba(53,53,53,.6);background-color:transparent}
.button-hover[plain][type=primary]{color:rgba(26,173,25,.6);border-color:rgba(26,173,25,.6);background-color:transparent}
.button-hover[plain][type=warn]{color:rgba(230,67,64,.6);border-color:rgba(230,67,64,.6);background-color:transparent}
wx-button[size=mini]{display:inline-block;padding:0 1.34em;font-size:13px;line-height:2.3}
wx-button[loading]::before{content:" ";display:inline-block;width:18px;height:18px;margin-right:4px;vertical-align:middle;background:${SPINNER} 0 0/100%;animation:eden-button-loading 1s steps(12,end) infinite}
wx-button[loading][type=primary]::before,wx-button[loading][type=warn]::before{filter:brightness(1.6)}
@keyframes eden-button-loading{to{transform:rotate(1turn)}}`

const V2 = `wx-button:where([eden-v2]){padding:8px 24px;font-weight:700;font-size:17px;line-height:1.41176471;border-radius:4px;color:#06ae56;background-color:#f2f2f2}
wx-button[eden-v2]:not([size=mini]){width:184px;margin-left:auto;margin-right:auto}
wx-button[eden-v2]::after{border-width:0}
wx-button[eden-v2][size=mini]{width:auto;padding:0 .75em;font-size:16px;line-height:2}
wx-button[eden-v2][type=default]{color:#06ae56;background-color:#f2f2f2}
wx-button[eden-v2][type=primary]{color:#fff;background-color:#07c160}
wx-button[eden-v2][type=warn]{color:#fa5151;background-color:#f2f2f2}
wx-button[eden-v2][loading]:not([type]),wx-button[eden-v2][loading][type=default],.button-hover[eden-v2]:not([type]),.button-hover[eden-v2][type=default]{color:#06ae56;background-color:#e6e6e6}
wx-button[eden-v2][loading][type=primary],.button-hover[eden-v2][type=primary]{color:#fff;background-color:#06ad56}
wx-button[eden-v2][loading][type=warn],.button-hover[eden-v2][type=warn]{color:#fa5151;background-color:#e6e6e6}
wx-button[eden-v2][disabled],wx-button[eden-v2][disabled][type]{color:rgba(0,0,0,.2);background-color:#f2f2f2}
wx-button[eden-v2][plain]{border:1px solid rgba(53,53,53,.6);color:#353535;background-color:transparent}
wx-button[eden-v2][plain][type=default]{border-color:#353535;color:#353535;background-color:transparent}
wx-button[eden-v2][plain][type=primary]{border-color:#06ae56;color:#06ae56;background-color:transparent}
wx-button[eden-v2][plain][type=warn]{border-color:#fa5151;color:#fa5151;background-color:transparent}
wx-button[eden-v2][plain][disabled],wx-button[eden-v2][plain][disabled][type]{color:rgba(0,0,0,.2);border-color:rgba(0,0,0,.2);background-color:transparent}
.button-hover[eden-v2][plain]{opacity:.6}`

const DARK = dark(`wx-button:where([eden-v2]),wx-button[eden-v2][type=default]{color:#06ae56;background-color:rgba(255,255,255,.1)}
wx-button[eden-v2][type=primary]{color:rgba(255,255,255,.9);background-color:#07c160}
wx-button[eden-v2][type=warn]{color:#fa5151;background-color:rgba(255,255,255,.1)}
.button-hover[eden-v2]:not([type=primary],[plain]){background-color:rgba(255,255,255,.15)}
wx-button[eden-v2][disabled],wx-button[eden-v2][disabled][type]{color:rgba(255,255,255,.2);background-color:rgba(255,255,255,.08)}
wx-button[eden-v2][plain]:not([type=primary],[type=warn]){color:rgba(255,255,255,.8);border-color:rgba(255,255,255,.4);background-color:transparent}
wx-button[eden-v2][plain]{background-color:transparent}`)

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
  static css = `${V1}\n${V2}\n${DARK}`

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
