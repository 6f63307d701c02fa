/** What input and textarea have in common: a native control under the program's rules. */
import { Builtin, el, type PropertyDefinition } from './kit'
import { keyboardDone, keyboardFor, keyboardHeight, type KeyboardUser } from './keyboard'
import { onTap, type LabelTarget } from './label'

export interface TextFieldProps {
  value: string
  name: string
  placeholder: string
  placeholderStyle: string
  placeholderClass: string
  disabled: boolean
  maxlength: number
  cursorSpacing: number
  autoFocus: boolean
  focus: boolean
  cursor: number
  cursorColor: string
  selectionStart: number
  selectionEnd: number
  adjustPosition: boolean
  holdKeyboard: boolean
  confirmType: string
  confirmHold: boolean
}

export const TEXT_FIELD_PROPERTIES: { [name: string]: PropertyDefinition } = {
  value: String,
  name: String,
  placeholder: String,
  placeholderStyle: String,
  placeholderClass: String,
  disabled: Boolean,
  maxlength: { type: Number, value: 140 },
  cursorSpacing: Number,
  autoFocus: Boolean,
  focus: Boolean,
  cursor: { type: Number, value: -1 },
  cursorColor: String,
  selectionStart: { type: Number, value: -1 },
  selectionEnd: { type: Number, value: -1 },
  adjustPosition: { type: Boolean, value: true },
  holdKeyboard: Boolean,
  confirmHold: Boolean,
}

/** Keyboards on Android compose every word, Latin ones too; waiting for its end would hide what is typed. */
const COMPOSES_ALL = /Android/.test(globalThis.navigator?.userAgent ?? '')

const ENTER_KEYS = new Set(['send', 'search', 'next', 'go', 'done'])

export abstract class TextField<P extends TextFieldProps = TextFieldProps>
  extends Builtin<P>
  implements LabelTarget, KeyboardUser {
  static field = true

  protected abstract readonly control: HTMLInputElement | HTMLTextAreaElement
  /** Class of the placeholder when the program gives none. */
  protected abstract readonly placeholderDefault: string
  protected readonly hint = el('div')
  private ready = false
  private keyCode = 0
  private selection = [0, 0]
  private readonly watchSelection = () => this.selectionMoved()
  private readonly hold = (event: Event) => this.holdFocus(event)

  /** Wire the control; called once it exists. */
  protected connect(): void {
    const { control } = this
    this.hint.setAttribute('aria-hidden', 'true')
    control.autocomplete = 'off'
    control.setAttribute('autocorrect', 'off')
    control.autocapitalize = 'off'
    control.spellcheck = false
    control.addEventListener('input', (event) => this.typed(event as InputEvent))
    control.addEventListener('beforeinput', (before) => {
      const event = before as InputEvent
      const typed = event.inputType === 'insertText' && !event.isComposing
      if (typed && event.data && !this.accepts(event.data)) event.preventDefault()
    })
    control.addEventListener('focus', () => this.focused())
    control.addEventListener('blur', () => this.blurred())
    control.addEventListener('keydown', (event) => this.key(event as KeyboardEvent))
    for (const phase of ['start', 'update', 'end'] as const) {
      control.addEventListener(`composition${phase}`, (event) => {
        this.trigger(`keyboardcomposition${phase}`, { data: (event as CompositionEvent).data })
        // Browsers fire the last input event before the composition ends.
        if (phase === 'end') this.commit()
      })
    }
    onTap(this, () => {})
  }

  /** May this text be typed? Pasted text is not asked for, as on a phone. */
  protected accepts(_text: string): boolean { return true }
  /** The shown text changed, by the person or the program. */
  protected shown(): void {}
  /** Enter confirms instead of starting a new line. */
  protected abstract get confirms(): boolean

  // ---- input ---------------------------------------------------------------------------------------------------

  private typed(event: InputEvent): void {
    this.keyCode = event.inputType?.startsWith('delete') ? 8
      : event.inputType === 'insertLineBreak' ? 10
        : event.data ? event.data.charCodeAt(event.data.length - 1) : this.keyCode
    this.show()
    if (!event.isComposing || COMPOSES_ALL) this.commit()
  }

  /** Tell the program what was typed; a handler may return what is to stand there instead. */
  private commit(): void {
    const { control } = this
    if (control.value === this.props.value) return
    this.set({ value: control.value } as Partial<P>)
    const cursor = control.selectionStart ?? control.value.length
    const detail = { value: control.value, cursor, keyCode: this.keyCode }
    this.trigger('input', detail, {
      handleListenerReturn: (returned) => {
        this.replace(returned)
        return returned === false ? false : undefined
      },
    })
  }

  private replace(returned: unknown): void {
    const fields = (typeof returned === 'string' ? { value: returned } : returned ?? {}) as { value?: unknown; cursor?: unknown }
    if (typeof fields.value !== 'string') return
    const { control } = this
    const caret = typeof fields.cursor === 'number' ? fields.cursor : control.selectionStart
    this.set({ value: fields.value } as Partial<P>)
    if (caret !== null) this.select(caret, caret)
  }

  /** Show the property's value; cut to maxlength. */
  private writeValue(): void {
    const { control, props } = this
    const value = props.maxlength >= 0 ? props.value.slice(0, props.maxlength) : props.value
    if (control.value !== value) control.value = value
    this.show()
  }

  private show(): void {
    this.hint.hidden = this.control.value !== ''
    this.shown()
  }

  private key(event: KeyboardEvent): void {
    if (event.key !== 'Enter' || event.isComposing || !this.confirms) return
    event.preventDefault()
    this.trigger('confirm', { value: this.control.value })
    if (!this.props.confirmHold) this.control.blur()
  }

  // ---- focus ---------------------------------------------------------------------------------------------------

  private get isFocused(): boolean {
    return (this.control.getRootNode() as Document | ShadowRoot).activeElement === this.control
  }

  protected focused(): void {
    keyboardFor(this.rt, this)
    this.applySelection()
    document.addEventListener('selectionchange', this.watchSelection)
    if (this.props.holdKeyboard) this.page?.root.addEventListener('mousedown', this.hold, true)
    this.trigger('focus', { value: this.control.value, height: keyboardHeight() })
  }

  protected blurred(): void {
    keyboardDone(this.rt, this)
    document.removeEventListener('selectionchange', this.watchSelection)
    this.page?.root.removeEventListener('mousedown', this.hold, true)
    // Written back, so that the program can give the focus again without taking it away first.
    if (this.props.focus) this.set({ focus: false } as Partial<P>)
    this.trigger('blur', this.blurDetail())
  }

  protected blurDetail(): object {
    return { value: this.control.value, cursor: this.control.selectionStart ?? this.control.value.length }
  }

  /** hold-keyboard: a press elsewhere, except on another field, leaves the focus here. */
  private holdFocus(event: Event): void {
    const target = event.composedPath()[0]
    if (!(target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement)) event.preventDefault()
  }

  private applySelection(): void {
    const { cursor, selectionStart, selectionEnd } = this.props
    if (selectionStart >= 0 && selectionEnd >= 0) this.select(selectionStart, selectionEnd)
    else if (cursor >= 0) this.select(cursor, cursor)
  }

  private select(start: number, end: number): void {
    if (this.isFocused) this.control.setSelectionRange(start, end)
  }

  private selectionMoved(): void {
    const { selectionStart, selectionEnd } = this.control
    if (selectionStart === null || selectionEnd === null) return
    if (selectionStart === this.selection[0] && selectionEnd === this.selection[1]) return
    this.selection = [selectionStart, selectionEnd]
    this.trigger('selectionchange', { selectionStart, selectionEnd })
  }

  get labelled(): HTMLElement { return this.control }

  labelTap(): void {
    if (!this.props.disabled) this.control.focus()
  }

  // ---- keyboard ------------------------------------------------------------------------------------------------

  clearance(): number | undefined {
    return this.props.adjustPosition ? this.props.cursorSpacing : undefined
  }

  keyboardChanged(height: number): void {
    this.trigger('keyboardheightchange', { height, duration: 0 })
  }

  // ---- properties ----------------------------------------------------------------------------------------------

  override update(name: keyof P & string): void {
    const { control, props } = this
    switch (name as keyof TextFieldProps) {
      case 'value':
        this.writeValue()
        break
      case 'maxlength':
        if (props.maxlength >= 0) control.maxLength = props.maxlength
        else control.removeAttribute('maxlength')
        this.writeValue()
        break
      case 'placeholder':
        this.hint.textContent = props.placeholder
        this.shown()
        break
      case 'placeholderStyle':
        this.hint.style.cssText = this.authorStyle(props.placeholderStyle)
        break
      case 'placeholderClass':
        this.hint.className = `eden-hint ${this.placeholderDefault} ${this.authorClass(props.placeholderClass)}`
        break
      case 'disabled':
        // A native disabled control would swallow the taps that programs put on it.
        control.readOnly = props.disabled
        control.tabIndex = props.disabled ? -1 : 0
        control.setAttribute('aria-disabled', String(props.disabled))
        this.host.toggleAttribute('disabled', props.disabled)
        break
      case 'confirmType':
        control.enterKeyHint = ENTER_KEYS.has(props.confirmType) ? props.confirmType : 'enter'
        break
      case 'cursorColor':
        control.style.caretColor = props.cursorColor
        break
      case 'focus':
        if (this.ready) this.followFocus()
        break
      case 'cursor':
      case 'selectionStart':
      case 'selectionEnd':
        this.applySelection()
    }
  }

  private followFocus(): void {
    // After this update: other fields may lose the focus in the same one.
    queueMicrotask(() => {
      if (this.props.focus && !this.props.disabled) this.control.focus({ preventScroll: true })
      else if (!this.props.focus && this.isFocused) this.control.blur()
    })
  }

  override attached(): void {
    this.ready = true
    this.control.setAttribute('aria-label', this.host.getAttribute('aria-label') ?? this.props.placeholder)
    if (this.props.focus || this.props.autoFocus) {
      // The page may still be on its way in.
      requestAnimationFrame(() => {
        if (this.control.isConnected && !this.props.disabled) this.control.focus({ preventScroll: true })
      })
    }
  }

  override detached(): void {
    document.removeEventListener('selectionchange', this.watchSelection)
    keyboardDone(this.rt, this)
  }

  override formValue(): string {
    return this.control.value
  }

  override formReset(): void {
    this.set({ value: '' } as Partial<P>)
  }
}
