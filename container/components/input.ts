/** `<input>`: one line of text. */
import css from './input.css'
import { el } from './kit'
import { SafePassword, type SafePasswordProps } from './safe-password'
import { TEXT_FIELD_PROPERTIES, TextField, type TextFieldProps } from './text-field'

interface InputProps extends TextFieldProps, SafePasswordProps {
  type: string
  password: boolean
  alwaysEmbed: boolean
}

/** What a phone's keyboard of this type can type; suggestions and password managers put in several at once. */
const KEYS: { [type: string]: RegExp } = {
  number: /^\d+$/,
  digit: /^[\d.]+$/,
  idcard: /^[\dxX]+$/,
}

const INPUT_MODES: { [type: string]: string } = {
  number: 'numeric', digit: 'decimal', 'safe-password': 'none',
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
    // beside WeChat's (docs/keyboard.md)
    safePasswordKind: { type: String, value: 'pin' },
    safePasswordPurpose: { type: String, value: 'pay' },
    safePasswordUser: String,
    safePasswordTitle: String,
    safePasswordShuffle: Boolean,
  }
  static css = css

  protected readonly control = el('input', 'eden-control')
  protected readonly placeholderDefault = 'input-placeholder'
  private valueAtFocus = ''
  private readonly safe = new SafePassword(this.rt)

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
    if (this.props.type !== 'digit' || !text.includes('.')) return true
    // what is selected goes
    const { value, selectionStart, selectionEnd } = this.control
    const rest = value.slice(0, selectionStart ?? value.length) + value.slice(selectionEnd ?? value.length)
    return `${rest}${text}`.split('.').length <= 2
  }

  override update(name: keyof InputProps): void {
    const { control, props } = this
    if (name === 'type' || name === 'password') {
      const hidden = props.password || this.isSafe || props.type === 'password'
      control.type = hidden ? 'password' : 'text'
      control.inputMode = INPUT_MODES[props.type] ?? 'text'
      control.setAttribute('autocomplete', props.type === 'nickname' ? 'nickname' : 'off')
      if (this.isSafe) control.readOnly = true
    } else {
      super.update(name)
      // nothing but the secure keyboard types here
      if (name === 'disabled' && this.isSafe) control.readOnly = true
    }
  }

  // ---- type="safe-password" ----------------------------------------------------------------------------------------

  private get isSafe(): boolean { return this.props.type === 'safe-password' }

  protected override focused(): void {
    // the phone gives the focus back when the keyboard is gone
    if (this.safe.isOpen) return
    super.focused()
    if (this.isSafe && !this.props.disabled) void this.typeSafely()
  }

  protected override blurred(): void {
    if (!this.safe.isOpen) super.blurred()
  }

  protected override blurDetail(): object {
    return this.isSafe ? { ...super.blurDetail(), ...this.safe.outcome } : super.blurDetail()
  }

  override formValue(): string {
    return this.isSafe ? this.safe.outcome.encryptedValue : super.formValue()
  }

  override formReset(): void {
    this.safe.reset()
    super.formReset()
  }

  private async typeSafely(): Promise<void> {
    await this.safe.open(this.props, (count) => {
      const value = '*'.repeat(count)
      this.set({ value })
      this.trigger('input', { value, cursor: count, keyCode: 0 })
    })
    this.control.blur()
    super.blurred()
    if (this.safe.outcome.encryptedValue) this.trigger('confirm', { value: this.control.value })
  }

  /** type="nickname": WeChat has the name checked when it was edited. */
  private reviewNickname(): void {
    if (this.props.type !== 'nickname' || this.control.value === this.valueAtFocus) return
    this.trigger('nicknamereview', { pass: true, timeout: false })
  }
}
