/** Quill asks the document for selection and focus; in a shadow root both have to be asked of the root. */
import type Quill from 'quill/core'
import QuillSelection from 'quill/core/selection'

type Composed = Selection & { getComposedRanges?(options: { shadowRoots: ShadowRoot[] }): StaticRange[] }

/** The selection as seen inside `node`'s tree. */
function rangeIn(node: Node): AbstractRange | undefined {
  const root = node.getRootNode() as ShadowRoot & { getSelection?(): Selection | null }
  const inner = root.getSelection?.()
  if (inner) return inner.rangeCount ? inner.getRangeAt(0) : undefined
  const selection = document.getSelection() as Composed | null
  if (!selection?.rangeCount) return undefined
  return selection.getComposedRanges?.({ shadowRoots: [root] })[0] ?? selection.getRangeAt(0)
}

const shadowed = {
  getNativeRange(this: QuillSelection) {
    const range = rangeIn(this.root)
    return range ? this.normalizeNative(range as Range) : null
  },

  hasFocus(this: QuillSelection): boolean {
    const { activeElement } = this.root.getRootNode() as Document | ShadowRoot
    return activeElement !== null && this.root.contains(activeElement)
  },

  setNativeRange(
    this: QuillSelection, startNode: Node | null, startOffset?: number, endNode = startNode, endOffset = startOffset,
  ): void {
    const selection = document.getSelection()
    if (!selection) return
    if (!startNode || !endNode) {
      selection.removeAllRanges()
      this.root.blur()
      return
    }
    if (!this.root.parentNode || !startNode.parentNode || !endNode.parentNode) return
    if (!this.hasFocus()) this.root.focus({ preventScroll: true })
    selection.setBaseAndExtent(...place(startNode, startOffset), ...place(endNode, endOffset))
  },
}

/** A position in a line break is the one before it. */
function place(node: Node, offset = 0): [Node, number] {
  const parent = node.parentNode!
  return node.nodeName === 'BR' ? [parent, Array.prototype.indexOf.call(parent.childNodes, node)] : [node, offset]
}

Object.assign(QuillSelection.prototype, shadowed)

const EVENTS = ['selectionchange', 'mousedown', 'mouseup', 'click'] as const

/** Quill hands document events only to editors that a query on the document finds. Returns what undoes it. */
export function forwardEvents(quill: Quill): () => void {
  const forward = (event: Event) => quill.emitter.handleDOM(event)
  for (const name of EVENTS) document.addEventListener(name, forward)
  return () => {
    for (const name of EVENTS) document.removeEventListener(name, forward)
  }
}
