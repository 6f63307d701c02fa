/** `<text>` and `<span>`: inline text with line breaks. */
import { decodeEntities, SPACES } from './entities'
import { Builtin } from './kit'

interface TextProps {
  selectable: boolean
  userSelect: boolean
  space: string
  decode: boolean
  overflow: string
  maxLines: number
}

/** Text as shown: `\n` written out in the template breaks the line, as WeChat's compiler makes it. */
export function textContent(raw: string, space: string, decode: boolean): string {
  let text = raw.includes('\\n') ? raw.replace(/\\n/g, '\n') : raw
  if (SPACES[space]) text = text.replace(/ /g, SPACES[space])
  return decode ? decodeEntities(text) : text
}

let supported: boolean | undefined
const keepsBreaks = (): boolean => (supported ??= CSS.supports('white-space-collapse', 'preserve-breaks'))

export class Text extends Builtin<TextProps> {
  static tag = 'text'
  static override properties = {
    selectable: Boolean,
    userSelect: Boolean,
    space: String,
    decode: Boolean,
    overflow: String,
    maxLines: Number,
  }
  // only the longhand: an inherited or own `white-space: nowrap` of the author must keep its meaning
  static css = `wx-text{white-space-collapse:preserve-breaks}
.eden-breaks{white-space:pre-line}
.eden-select{user-select:text;-webkit-user-select:text;cursor:text}
:where(.eden-select-block){display:inline-block}
.eden-lines{display:-webkit-inline-box;-webkit-box-orient:vertical;overflow:hidden}`

  private observer: MutationObserver | undefined
  private readonly shown = new WeakMap<Node, string>()

  override update(name: keyof TextProps): void {
    const { host, props } = this
    if (name === 'selectable' || name === 'userSelect') {
      host.classList.toggle('eden-select', props.selectable || props.userSelect)
      host.classList.toggle('eden-select-block', props.userSelect)
    } else if (name === 'maxLines') {
      host.classList.toggle('eden-lines', props.maxLines > 0)
      this.styleHost(props.maxLines > 0 ? `-webkit-line-clamp:${Number(props.maxLines)}` : '')
    } else if (host.isConnected) this.render()
  }

  override attached(): void {
    this.render()
  }

  override detached(): void {
    this.observer?.disconnect()
    this.observer = undefined
  }

  private render(): void {
    const { space, decode } = this.props
    // older engines know only the shorthand, which would also undo an inherited nowrap: it is set where it is needed
    if (!keepsBreaks()) this.host.classList.toggle('eden-breaks', this.host.textContent!.includes('\n'))
    if ((space || decode || !keepsBreaks()) && !this.observer) {
      this.observer = new MutationObserver(() => this.render())
      this.observer.observe(this.host, { childList: true, characterData: true, subtree: true })
    }
    for (const node of this.host.childNodes) {
      if (node.nodeType !== Node.TEXT_NODE || this.shown.get(node) === node.nodeValue) continue
      const raw = node.nodeValue ?? ''
      const text = textContent(raw, space, decode)
      if (text !== raw) node.nodeValue = text
      this.shown.set(node, text)
    }
  }
}

export class Span extends Text {
  static override tag = 'span'
  static override css = ''
}
