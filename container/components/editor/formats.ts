/** WeChat's formats as Quill's. */
import { Parchment } from 'quill/core'
import Inline from 'quill/blots/inline'
import { BlockEmbed } from 'quill/blots/block'
import { AlignStyle } from 'quill/formats/align'
import Bold from 'quill/formats/bold'
import { ColorAttributor, ColorStyle } from 'quill/formats/color'
import { DirectionStyle } from 'quill/formats/direction'
import Header from 'quill/formats/header'
import QuillImage from 'quill/formats/image'
import Indent from 'quill/formats/indent'
import Italic from 'quill/formats/italic'
import Link from 'quill/formats/link'
import List from 'quill/formats/list'
import Script from 'quill/formats/script'
import Strike from 'quill/formats/strike'
import Underline from 'quill/formats/underline'

const { StyleAttributor, Scope } = Parchment

const INLINE_STYLES = [
  'font', 'fontSize', 'fontStyle', 'fontVariant', 'fontWeight', 'fontFamily', 'letterSpacing',
  'textDecoration',
]
const BLOCK_STYLES = [
  'margin', 'marginTop', 'marginBottom', 'marginLeft', 'marginRight',
  'padding', 'paddingTop', 'paddingBottom', 'paddingLeft', 'paddingRight',
  'lineHeight', 'textIndent', 'wordWrap', 'wordBreak', 'whiteSpace',
]

const property = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

class Inserted extends Inline {
  static override blotName = 'ins'
  static override tagName = 'INS'
}

class Divider extends BlockEmbed {
  static override blotName = 'divider'
  static override tagName = 'HR'
}

/** Shows what the runtime loads for a path, and keeps the path itself for contents. */
let resolve: (path: string) => string = (path) => path
export const resolveImagesWith = (url: (path: string) => string): void => { resolve = url }

const IMAGE_ATTRIBUTES = ['alt', 'width', 'height', 'class', 'data-custom', 'data-local']

class EditorImage extends QuillImage {
  static override create(value: string): Element {
    const node = super.create('') as HTMLElement
    node.setAttribute('src', resolve(value))
    node.dataset.src = value
    return node
  }

  static override value(node: Element): string | null {
    return (node as HTMLElement).dataset.src ?? node.getAttribute('src')
  }

  static override formats(node: Element): { [name: string]: string | null } {
    const present = IMAGE_ATTRIBUTES.filter((name) => node.hasAttribute(name))
    return Object.fromEntries(present.map((name) => [name, node.getAttribute(name)]))
  }

  override format(name: string, value: string): void {
    if (!IMAGE_ATTRIBUTES.includes(name)) return super.format(name, value)
    if (value) this.domNode.setAttribute(name, value)
    else this.domNode.removeAttribute(name)
  }

  /** The program's own path, not the runtime's. */
  html(): string {
    const copy = this.domNode.cloneNode() as HTMLElement
    copy.setAttribute('src', copy.dataset.src ?? '')
    copy.removeAttribute('data-src')
    return copy.outerHTML
  }
}

const styles = (names: string[], scope: Parchment.Scope): { [path: string]: Parchment.Attributor } =>
  Object.fromEntries(names.map((name) => [`formats/${name}`, new StyleAttributor(name, property(name), { scope })]))

export const FORMATS = {
  ...styles(INLINE_STYLES, Scope.INLINE),
  ...styles(BLOCK_STYLES, Scope.BLOCK),
  'formats/align': AlignStyle,
  'formats/backgroundColor': new ColorAttributor('backgroundColor', 'background-color', { scope: Scope.INLINE }),
  'formats/bold': Bold,
  'formats/color': ColorStyle,
  'formats/direction': DirectionStyle,
  'formats/divider': Divider,
  'formats/header': Header,
  'formats/image': EditorImage,
  'formats/indent': Indent,
  'formats/ins': Inserted,
  'formats/italic': Italic,
  'formats/link': Link,
  'formats/list': List,
  'formats/script': Script,
  'formats/strike': Strike,
  'formats/underline': Underline,
}
