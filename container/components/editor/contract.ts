/** Between `<editor>` and the chunk that does the editing. */
export interface EditorContents {
  html: string
  text: string
  delta: { ops: object[] }
}

export interface EditorImage {
  src: string
  alt?: string
  width?: string
  height?: string
  extClass?: string
  data?: { [key: string]: unknown }
  nowrap?: boolean
}

export interface EditorHooks {
  /** what an element loads for a path that the program wrote */
  url(path: string): string
  input(contents: EditorContents): void
  focus(contents: EditorContents): void
  blur(contents: EditorContents): void
  /** formats at the selection changed */
  status(formats: { [name: string]: unknown }): void
}

export interface ImageTools {
  size: boolean
  toolbar: boolean
  resize: boolean
}

export interface EditorEngine {
  readOnly(on: boolean): void
  placeholder(text: string): void
  imageTools(tools: ImageTools): void
  contents(): EditorContents
  setContents(contents: { html?: string; delta?: { ops: object[] } }): void
  format(name: string, value?: unknown): void
  removeFormat(): void
  insertText(text: string): void
  insertImage(image: EditorImage): void
  insertDivider(): void
  deleteText(index: number, length: number): void
  selectionText(): string
  clear(): void
  undo(): void
  redo(): void
  blur(): void
  scrollIntoView(): void
  destroy(): void
}

export type CreateEngine = (host: HTMLElement, hooks: EditorHooks) => EditorEngine
