/**
 * `<rich-text>`: an HTML text or a tree of nodes, rendered through a whitelist. Nothing in it can run: elements are
 * made one by one from a parsed document that is never shown, attributes are copied by name.
 */
import { decodeEntities, SPACES } from '../entities'
import { Builtin, rpx } from '../kit'
import { ELEMENTS, GLOBAL_ATTRIBUTES, SILENT } from './whitelist'

interface RichTextProps {
  nodes: unknown
  space: string
  userSelect: boolean
  mode: string
}

/** A node as the program gives it. */
interface TextNode {
  type: 'text'
  text: string
}
interface ElementNode {
  type?: 'node'
  name: string
  attrs?: { [name: string]: unknown }
  children?: GivenNode[]
}
type GivenNode = TextNode | ElementNode

/** `javascript:` and the like; images load from where the frame's policy lets them. */
const SAFE_URL = /^(?:https?:|data:image\/|blob:|wxfile:|cloud:|[^:]*$|[^:]*[/?#])/i

export class RichText extends Builtin<RichTextProps> {
  static tag = 'rich-text'
  static override properties = {
    nodes: { type: null, value: [] },
    space: String,
    userSelect: Boolean,
    mode: { type: String, value: 'default' },
    preventNodeEvents: null,
  }
  static css = `wx-rich-text{display:block}
.eden-rich img{max-width:100%}
.eden-rich a{color:inherit;text-decoration:none}
.eden-rich table{border-collapse:separate}`

  private stale = false

  override create(): void {
    this.host.classList.add('eden-rich')
  }

  override update(name: keyof RichTextProps): void {
    if (name === 'userSelect') this.host.classList.toggle('eden-select', this.props.userSelect)
    if (this.stale) return
    this.stale = true
    queueMicrotask(() => {
      this.stale = false
      this.render()
    })
  }

  private render(): void {
    const { nodes } = this.props
    if (typeof nodes === 'string') {
      const { body } = new DOMParser().parseFromString(nodes, 'text/html')
      this.host.replaceChildren(...[...body.childNodes].flatMap((node) => this.fromParsed(node)))
    } else {
      const list: GivenNode[] = Array.isArray(nodes) ? nodes : nodes ? [nodes as GivenNode] : []
      this.host.replaceChildren(...list.flatMap((node) => this.fromNode(node)))
    }
  }

  private text(text: string): Text {
    const space = SPACES[this.props.space]
    return document.createTextNode(space ? text.replace(/ /g, space) : text)
  }

  private fromParsed(node: Node): Node[] {
    if (node.nodeType === Node.TEXT_NODE) return [this.text(node.nodeValue ?? '')]
    if (!(node instanceof Element)) return []
    const name = node.localName
    if (SILENT.has(name)) return []
    const children = () => [...node.childNodes].flatMap((child) => this.fromParsed(child))
    return this.element(name, (attribute) => node.getAttribute(attribute), children)
  }

  private fromNode(node: GivenNode): Node[] {
    if (!node || typeof node !== 'object') return []
    if (node.type === 'text') return [this.text(decodeEntities(String(node.text ?? ''), true))]
    const { attrs = {}, children } = node
    const name = String(node.name ?? '').toLowerCase()
    if (SILENT.has(name)) return []
    const value = (attribute: string) => {
      const given = attrs[attribute] ?? null
      return given === null ? null : String(given)
    }
    const list = Array.isArray(children) ? children : []
    return this.element(name, value, () => list.flatMap((child) => this.fromNode(child)))
  }

  /** Unknown elements give way to their children. */
  private element(name: string, value: (attribute: string) => string | null, children: () => Node[]): Node[] {
    const allowed = ELEMENTS.get(name)
    if (!allowed) return children()
    const element = document.createElement(name === 'a' ? 'span' : name)
    for (const attribute of [...GLOBAL_ATTRIBUTES, ...allowed]) {
      const text = value(attribute)
      if (text === null || attribute === 'href') continue
      if (attribute === 'style') element.style.cssText = rpx(text)
      else if (attribute === 'class') element.className = this.authorClass(text)
      else if (attribute !== 'src') element.setAttribute(attribute, text)
      else if (SAFE_URL.test(text)) (element as HTMLImageElement).src = this.rt.files.url(text, this.base)
    }
    element.append(...children())
    return [element]
  }
}
