/** `<editor>`: rich text. The editing itself (Quill) loads with the first editor of a program. */
import { Builtin, el } from '../kit'
import type { CreateEngine, EditorEngine, EditorImage } from './contract'

interface EditorProps {
  readOnly: boolean
  placeholder: string
  showImgSize: boolean
  showImgToolbar: boolean
  showImgResize: boolean
  name: string
}

type Options = {
  success?: (result: object) => void
  fail?: (result: object) => void
  complete?: (result: object) => void
} & { [name: string]: any }

export class Editor extends Builtin<EditorProps> {
  static tag = 'editor'
  static override properties = {
    readOnly: Boolean,
    placeholder: String,
    showImgSize: Boolean,
    showImgToolbar: Boolean,
    showImgResize: Boolean,
    name: String,
  }
  static css = `wx-editor{display:block;position:relative;height:200px;min-height:200px;overflow:auto;cursor:text}
.ql-container{position:relative;height:100%;box-sizing:border-box}`

  private readonly area = el('div', 'ql-container')
  private engine: EditorEngine | undefined
  private loading: Promise<EditorEngine> | undefined

  override create(): void {
    this.slot = el('div')
    this.slot.hidden = true
    this.host.append(this.area, this.slot)
  }

  override attached(): void {
    this.loading = this.start()
    this.loading.then(
      () => this.trigger('ready'),
      (error: Error) => console.error(`editor: ${error.message}`),
    )
  }

  override detached(): void {
    this.engine?.destroy()
    this.engine = undefined
    this.area.replaceChildren()
  }

  private async start(): Promise<EditorEngine> {
    const { createEngine } = (await this.rt.chunk('editor')) as { createEngine: CreateEngine }
    this.engine = createEngine(this.area, {
      url: (path) => this.rt.files.url(path, this.base),
      input: (contents) => this.trigger('input', contents),
      focus: (contents) => this.trigger('focus', contents),
      blur: (contents) => this.trigger('blur', contents),
      status: (formats) => this.trigger('statuschange', formats),
    })
    this.apply()
    return this.engine
  }

  override update(): void {
    this.apply()
  }

  private apply(): void {
    const { readOnly, placeholder, showImgSize, showImgToolbar, showImgResize } = this.props
    this.engine?.readOnly(readOnly)
    this.engine?.placeholder(placeholder)
    this.engine?.imageTools({ size: showImgSize, toolbar: showImgToolbar, resize: showImgResize })
  }

  // ---- EditorContext -------------------------------------------------------------------------------------------

  /** One method of the context: what it answers goes to the callbacks, or to a promise when there are none. */
  private method(name: string, run: (engine: EditorEngine, options: Options) => object | void) {
    return (options: Options = {}): Promise<object> | undefined => {
      const { success, fail, complete } = options ?? {}
      const work = (this.loading ?? Promise.reject(new Error('editor is not attached')))
        .then((engine) => ({ ...run(engine, options ?? {}), errMsg: `${name}:ok` }))
        .catch((error: Error) => { throw { errMsg: `${name}:fail ${error.message}` } })
      if (!success && !fail && !complete) return work
      const tell = (callback: ((result: object) => void) | undefined, result: object) =>
        callback && this.rt.guard(`EditorContext.${name}`, () => callback(result))
      work.then(
        (result) => { tell(success, result); tell(complete, result) },
        (failure: object) => { tell(fail, failure); tell(complete, failure) },
      )
      return undefined
    }
  }

  private readonly editorContext = {
    format: (name: string, value?: unknown): void => {
      void this.loading?.then((engine) => engine.format(name, value))
    },
    insertDivider: this.method('insertDivider', (engine) => engine.insertDivider()),
    insertImage: this.method('insertImage', (engine, options) => engine.insertImage(options as unknown as EditorImage)),
    insertText: this.method('insertText', (engine, { text }) => engine.insertText(String(text ?? ''))),
    setContents: this.method('setContents', (engine, { html, delta }) => engine.setContents({ html, delta })),
    getContents: this.method('getContents', (engine) => engine.contents()),
    clear: this.method('clear', (engine) => engine.clear()),
    removeFormat: this.method('removeFormat', (engine) => engine.removeFormat()),
    undo: this.method('undo', (engine) => engine.undo()),
    redo: this.method('redo', (engine) => engine.redo()),
    blur: this.method('blur', (engine) => engine.blur()),
    scrollIntoView: this.method('scrollIntoView', (engine) => engine.scrollIntoView()),
    getSelectionText: this.method('getSelectionText', (engine) => ({ text: engine.selectionText() })),
    deleteText: this.method('deleteText', (engine, { index, length }) => {
      engine.deleteText(Number(index), Number(length))
    }),
    insertCustomBlock: this.method('insertCustomBlock', () => { throw new Error('not supported') }),
  }

  override context(): object {
    return this.editorContext
  }
}
