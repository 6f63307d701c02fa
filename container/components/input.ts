/** `<input>`: one line of text. */
import css from './input.css'
import { el } from './kit'
import { TEXT_FIELD_PROPERTIES, TextField, type TextFieldProps } from './text-field'

interface InputProps extends TextFieldProps {
  type: string
  password: boolean
  alwaysEmbed: boolean
  safePasswordLength: number
}

/** What a phone's keyboard of this type can type; suggestions and password managers put in several at once. */
const KEYS: { [type: string]: RegExp } = {
  number: /^\d+$/,
  digit: /^[\d.]+$/,
  idcard: /^[\dxX]+$/,
  'safe-password': /^\d+$/,
}

const INPUT_MODES: { [type: string]: string } = {
  number: 'numeric', digit: 'decimal', 'safe-password': 'numeric',
}

export class Input extends TextField<InputProps> {
  static tag = 'input'
  static override properties = {
    ...TEXT_FIELD_PROPERTIES,
    type: { type: String, value: 'text' },
    password: Boolean,
    confirmType: { type: String, value: 'done' },
    alwaysEmbed: Boolean,
    safePasswordCertPath: String,
    safePasswordLength: Number,
    safePasswordTimeStamp: Number,
    safePasswordNonce: String,
    safePasswordSalt: String,
    safePasswordCustomHash: String,
  }
  static css = css

  protected readonly control = el('input', 'eden-control')
  protected readonly placeholderDefault = 'input-placeholder'
  private valueAtFocus = ''

  override create(): void {
    const field = el('div', 'eden-field', this.hint, this.control)
    this.slot = el('div')
    this.host.append(field, this.slot)
    this.connect()
    this.control.addEventListener('focus', () => { this.valueAtFocus = this.control.value })
    this.control.addEventListener('blur', () => this.reviewNickname())
  }

  protected get confirms(): boolean { return true }

  protected override accepts(text: string): boolean {
    const keys = KEYS[this.props.type]
    if (keys && !keys.test(text)) return false
    return !(this.props.type === 'digit' && `${this.control.value}${text}`.split('.').length > 2 && text.includes('.'))
  }

  override update(name: keyof InputProps): void {
    const { control, props } = this
    if (name === 'type' || name === 'password') {
      const hidden = props.password || props.type === 'safe-password' || props.type === 'password'
      control.type = hidden ? 'password' : 'text'
      control.inputMode = INPUT_MODES[props.type] ?? 'text'
      control.setAttribute('autocomplete', props.type === 'nickname' ? 'nickname' : 'off')
    } else if (name === 'safePasswordLength') {
      if (props.safePasswordLength > 0) control.maxLength = props.safePasswordLength
    } else super.update(name)
  }

  /** type="nickname": WeChat has the name checked when it was edited. */
  private reviewNickname(): void {
    if (this.props.type !== 'nickname' || this.control.value === this.valueAtFocus) return
    this.trigger('nicknamereview', { pass: true, timeout: false })
  }
}
