/**
 * Is a page blank that should not be? Two questions, both asked of the trees and of nothing else.
 *
 * Blank: nothing in the page has ink. Ink is text with a box, a picture that has loaded, a canvas, a video, a control, or a
 * box with a background, border or shadow of its own (so a page that shows its skeleton is not blank).
 *
 * Should it be blank? A page without ink that holds neither a condition, nor a list, nor a text or picture that came to
 * nothing was meant to be blank: it only sends the person on.
 */
import type { PageHandle } from '../context'

/** Nodes that are looked at; a page of more is not blank by any reading. */
const MAX_NODES = 3000
const DRAWN = new Set(['CANVAS', 'VIDEO', 'IFRAME', 'INPUT', 'TEXTAREA', 'SVG', 'WX-WEB-VIEW', 'WX-MAP', 'WX-CAMERA'])

export type Verdict =
  | { blank: false }
  /** `why`: undefined: it was meant to be */
  | { blank: true; why: 'empty' | 'hidden' | undefined; elements: number }

export function look({ root, element, component }: PageHandle): Verdict {
  const found = inkOf(root, element)
  if (found === 'seen') return { blank: false }
  const { elements, written } = found
  return { blank: true, why: written ? 'hidden' : expects(component) ? 'empty' : undefined, elements }
}

/** What is in a page without ink; `written`: there is text, but it is not to be seen. `element` is the page's own box. */
export function inkOf(root: Node, element: HTMLElement): 'seen' | { elements: number; written: boolean } {
  const base = getComputedStyle(element).backgroundColor
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT)
  let elements = 0
  let nodes = 0
  let written = false
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (++nodes > MAX_NODES) return 'seen'
    if (node.nodeType === Node.TEXT_NODE) {
      if (!node.nodeValue?.trim()) continue
      written = true
      if (seen(node.parentElement!, boxOf(node))) return 'seen'
    } else if (node !== element) {
      elements++
      if (hasInk(node as HTMLElement, base)) return 'seen'
    }
  }
  return { elements, written }
}

function hasInk(element: HTMLElement, base: string): boolean {
  const tag = element.tagName.toUpperCase()
  const box = element.getBoundingClientRect()
  if (box.width * box.height === 0) return false
  const drawn = tag === 'IMG' ? (element as HTMLImageElement).naturalWidth > 0 : DRAWN.has(tag)
  const style = getComputedStyle(element)
  const { backgroundColor, backgroundImage, boxShadow } = style
  const coloured = backgroundColor !== base && !/^rgba\(.*, 0\)$|^transparent$/.test(backgroundColor)
  const bordered = parseFloat(style.borderTopWidth) + parseFloat(style.borderBottomWidth) > 0
  return (drawn || coloured || bordered || backgroundImage !== 'none' || boxShadow !== 'none') && seen(element, box)
}

function boxOf(text: Node): DOMRect {
  const range = text.ownerDocument!.createRange()
  range.selectNodeContents(text)
  return range.getBoundingClientRect()
}

function seen(element: HTMLElement, { width, height, right, left }: DOMRect): boolean {
  if (width * height === 0 || right <= 0 || left >= innerWidth) return false
  const options = { opacityProperty: true, visibilityProperty: true, checkOpacity: true, checkVisibilityCSS: true }
  return (element as { checkVisibility?: (options: object) => boolean }).checkVisibility?.(options) ?? true
}

/** A tree of glass-easel's: elements, virtual nodes ("wx:if", "wx:for"), text nodes. */
interface TreeNode {
  is?: string
  textContent?: string
  childNodes?: TreeNode[]
  shadowRoot?: TreeNode | null
  getShadowRoot?(): TreeNode | null
}

/** Something was to be here: a condition, a list, a picture, or a text that came to nothing. */
function expects(node: unknown, depth = 0): boolean {
  const { is, textContent, childNodes, getShadowRoot } = node as TreeNode
  if (!childNodes) return textContent !== undefined
  if (is === 'wx:if' || is === 'wx:for' || is === 'eden/image' || is === 'eden/cover-image') return true
  if (depth > 50) return false
  const within = getShadowRoot ? getShadowRoot.call(node) : undefined
  return (within ? expects(within, depth + 1) : false) || childNodes.some((child) => expects(child, depth + 1))
}
