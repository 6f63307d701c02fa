/** The editing behind `<editor>`: Quill with WeChat's formats. */
import Quill, { Delta } from 'quill/core'
import type { CreateEngine, EditorContents, EditorEngine, EditorHooks, EditorImage, ImageTools } from './contract'
import css from './editor.css'
import { FORMATS, resolveImagesWith } from './formats'
import { ImageFrame } from './image-tools'
import { forwardEvents } from './shadow-selection'

Quill.register(FORMATS, true)

/** Attribute value of insertImage's `data`: "id=abcd&role=god". */
const customData = (data: object): string => Object.entries(data).map(([key, value]) => `${key}=${value}`).join('&')

/** A format's value as Quill knows it. */
function quillValue(name: string, value: unknown): unknown {
  if (name === 'header') return Number(String(value).replace(/^h/i, '')) || false
  if (name === 'list' && value === 'check') return 'unchecked'
  if (name === 'align' && value === 'left') return false
  return value
}

class QuillEngine implements EditorEngine {
  private readonly quill: Quill
  private readonly images: ImageFrame
  private readonly stop: () => void
  private formats = '{}'

  constructor(area: HTMLElement, private readonly hooks: EditorHooks) {
    const holder = document.createElement('div')
    const style = document.createElement('style')
    style.textContent = css
    area.replaceChildren(style, holder)
    resolveImagesWith(hooks.url)
    const quill = new Quill(holder, { theme: 'default', modules: { history: { userOnly: true }, uploader: false } })
    this.quill = quill
    quill.clipboard.addMatcher('script', () => new Delta())
    this.stop = forwardEvents(quill)
    quill.root.setAttribute('role', 'textbox')
    quill.root.setAttribute('aria-multiline', 'true')
    quill.on('text-change', () => hooks.input(this.contents()))
    quill.on('editor-change', () => this.report())
    quill.root.addEventListener('focus', () => hooks.focus(this.contents()))
    quill.root.addEventListener('blur', () => hooks.blur(this.contents()))
    this.images = new ImageFrame(
      area,
      (image, width) => this.formatImage(image, { width: String(width), height: '' }),
      (image) => quill.deleteText(this.indexOf(image), 1, 'user'),
      '×',
    )
  }

  private indexOf(image: HTMLImageElement): number {
    const blot = Quill.find(image)
    return blot ? this.quill.getIndex(blot as Parameters<Quill['getIndex']>[0]) : 0
  }

  private formatImage(image: HTMLImageElement, attributes: { [name: string]: string }): void {
    this.quill.updateContents(new Delta().retain(this.indexOf(image)).retain(1, attributes), 'user')
  }

  /** Position for insertions: the selection, else the end. */
  private get cursor(): { index: number; length: number } {
    return this.quill.getSelection() ?? { index: Math.max(0, this.quill.getLength() - 1), length: 0 }
  }

  private report(): void {
    const range = this.quill.getSelection()
    if (!range) return
    const formats = this.quill.getFormat(range)
    const text = JSON.stringify(formats)
    if (text === this.formats) return
    this.formats = text
    this.hooks.status(formats)
  }

  readOnly(on: boolean): void {
    this.quill.enable(!on)
  }

  placeholder(text: string): void {
    this.quill.root.dataset.placeholder = text
    this.quill.root.setAttribute('aria-label', text)
  }

  imageTools(tools: ImageTools): void {
    this.images.tools = tools
    this.images.hide()
  }

  contents(): EditorContents {
    const { quill } = this
    return {
      html: quill.getSemanticHTML().replaceAll('&nbsp;', ' '),
      text: quill.getText(),
      delta: { ops: JSON.parse(JSON.stringify(quill.getContents().ops)) as object[] },
    }
  }

  setContents({ html, delta }: { html?: string; delta?: { ops: object[] } }): void {
    const { quill } = this
    if (delta?.ops) quill.setContents(delta.ops as Delta['ops'])
    else quill.setContents(quill.clipboard.convert({ html: html ?? '' }))
    quill.history.clear()
  }

  format(name: string, value?: unknown): void {
    const { quill } = this
    const range = quill.getSelection(true)
    const current = quill.getFormat(range)[name]
    const wanted = value === undefined ? !current : quillValue(name, value)
    const same = name !== 'indent' && current !== undefined && String(current) === String(wanted)
    const checked = name === 'list' && wanted === 'unchecked' && current === 'checked'
    quill.format(name, same || checked ? false : wanted, 'user')
    if (name === 'direction') quill.format('align', wanted === 'rtl' && !same ? 'right' : false, 'user')
    this.report()
  }

  removeFormat(): void {
    const { index, length } = this.cursor
    this.quill.removeFormat(index, length, 'user')
    // Without a selection the formats of what is typed next are meant.
    if (!length) for (const name of Object.keys(this.quill.getFormat())) this.quill.format(name, false, 'user')
  }

  insertText(text: string): void {
    const { index, length } = this.cursor
    this.quill.deleteText(index, length, 'user')
    this.quill.insertText(index, text, 'user')
    this.quill.setSelection(index + text.length, 0, 'user')
  }

  insertImage({ src, alt, width, height, extClass, data, nowrap }: EditorImage): void {
    const { quill } = this
    const { index, length } = this.cursor
    const given = { alt, width, height, class: extClass, 'data-custom': data && customData(data) }
    const attributes = Object.fromEntries(Object.entries(given).filter(([, value]) => value))
    const change = new Delta().retain(index).delete(length).insert({ image: src }, attributes)
    quill.updateContents(nowrap ? change : change.insert('\n'), 'user')
    quill.setSelection(index + (nowrap ? 1 : 2), 0, 'user')
  }

  insertDivider(): void {
    const { index } = this.cursor
    this.quill.insertText(index, '\n', 'user')
    this.quill.insertEmbed(index + 1, 'divider', true, 'user')
    this.quill.setSelection(index + 2, 0, 'user')
  }

  deleteText(index: number, length: number): void {
    this.quill.deleteText(index, length, 'user')
  }

  selectionText(): string {
    const { index, length } = this.cursor
    return this.quill.getText(index, length)
  }

  clear(): void {
    this.quill.setContents(new Delta(), 'user')
  }

  undo(): void { this.quill.history.undo() }
  redo(): void { this.quill.history.redo() }
  blur(): void { this.quill.blur() }
  scrollIntoView(): void { this.quill.scrollSelectionIntoView() }

  destroy(): void {
    this.stop()
    this.images.hide()
  }
}

export const createEngine: CreateEngine = (host, hooks) => new QuillEngine(host, hooks)
