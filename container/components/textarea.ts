/** `<textarea>`: text of several lines. */
import css from './textarea.css'
import { el } from './kit'
import { TEXT_FIELD_PROPERTIES, TextField, type TextFieldProps } from './text-field'

interface TextareaProps extends TextFieldProps {
  autoHeight: boolean
  fixed: boolean
  showConfirmBar: boolean
  disableDefaultPadding: boolean
  adjustKeyboardTo: string
}

export class Textarea extends TextField<TextareaProps> {
  static tag = 'textarea'
  static override properties = {
    ...TEXT_FIELD_PROPERTIES,
    autoHeight: Boolean,
    fixed: Boolean,
    showConfirmBar: { type: Boolean, value: true },
    disableDefaultPadding: Boolean,
    confirmType: { type: String, value: 'return' },
    adjustKeyboardTo: { type: String, value: 'cursor' },
  }
  static css = css

  protected readonly control = el('textarea', 'eden-control')
  protected readonly placeholderDefault = 'textarea-placeholder'
  private readonly area = el('div', 'eden-area', this.hint)
  private readonly line = el('div', '', '\u200b')
  private resizes: ResizeObserver | undefined
  private lineCount = 0

  override create(): void {
    this.control.rows = 1
    this.slot = el('div')
    const ruler = el('div', 'eden-line', this.line)
    this.area.append(this.control)
    this.host.append(this.area, ruler, this.slot)
    this.connect()
  }

  protected get confirms(): boolean {
    return this.props.confirmType !== 'return'
  }

  override update(name: keyof TextareaProps): void {
    if (name === 'autoHeight') {
      this.host.toggleAttribute('auto-height', this.props.autoHeight)
      this.measure()
    } else super.update(name)
  }

  override attached(): void {
    super.attached()
    let width = 0
    this.resizes = new ResizeObserver(() => {
      if (this.host.clientWidth === width) return
      width = this.host.clientWidth
      this.measure()
    })
    this.resizes.observe(this.host)
  }

  override detached(): void {
    super.detached()
    this.resizes?.disconnect()
  }

  protected override shown(): void {
    this.measure()
  }

  /** Fit the height to the text, and tell the program when the number of lines changed. */
  private measure(): void {
    const { control, host } = this
    if (!host.isConnected || !host.clientWidth) return
    // The area keeps its height meanwhile, or a page scrolled to its end would jump.
    this.area.style.height = `${this.area.offsetHeight}px`
    control.style.height = '0'
    // "normal" is NaN; where a program has set it, letters may be taller than their line, and stand out of the last one
    const each = parseFloat(getComputedStyle(control).lineHeight)
    const { scrollHeight } = control
    const height = each ? Math.round(scrollHeight / each) * each : scrollHeight
    control.style.height = this.props.autoHeight ? `${Math.max(height, this.hint.offsetHeight)}px` : ''
    this.area.style.height = ''
    const lineHeight = this.line.offsetHeight || 1
    const lineCount = Math.max(1, Math.round(height / lineHeight))
    if (lineCount === this.lineCount) return
    this.lineCount = lineCount
    this.trigger('linechange', { height, heightRpx: (height * 750) / window.innerWidth, lineCount, lineHeight })
  }
}
