/** A logged value as an element: text, or a tree that opens on demand. */
import type { Wire } from '../bridge/messages'
import { h } from '../host/chrome/dom'

const PREVIEW = 80

const isTree = (value: Wire): value is Wire[] | { [key: string]: Wire } =>
  typeof value === 'object' && value !== null && !(value instanceof ArrayBuffer) && !(value instanceof Blob)

/** One line: `{a: 1, b: [2, …]}`. */
export function preview(value: Wire, room = PREVIEW): string {
  if (!isTree(value)) return leaf(value)
  const array = Array.isArray(value)
  let text = ''
  for (const [key, member] of Object.entries(value)) {
    if (text.length > room) { text += ', …'; break }
    const inner = isTree(member) ? (Array.isArray(member) ? `[${member.length}]` : '{…}') : leaf(member)
    text += `${text && ', '}${array ? '' : `${key}: `}${inner}`
  }
  return array ? `[${text}]` : `{${text}}`
}

function leaf(value: Exclude<Wire, object> | ArrayBuffer | Blob): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
  if (value instanceof ArrayBuffer) return `ArrayBuffer(${value.byteLength})`
  if (value instanceof Blob) return `Blob(${value.size})`
  return String(value)
}

const kind = (value: Wire): string => (value === null || value === undefined ? 'nothing' : typeof value)

/** `bare`: text without quotes, as console.log shows its arguments. */
export function valueElement(value: Wire, bare = false): HTMLElement {
  if (typeof value === 'string') return h('span', { class: bare ? 'text' : 'string' }, bare ? value : JSON.stringify(value))
  if (!isTree(value)) return h('span', { class: kind(value) }, leaf(value))
  const members = h('div', { class: 'members' })
  const tree = h('details', { class: 'tree' }, h('summary', {}, preview(value)), members)
  tree.addEventListener('toggle', () => {
    if (!tree.open || members.childElementCount) return
    for (const [key, member] of Object.entries(value)) {
      members.append(h('div', {}, h('span', { class: 'key' }, `${key}: `), valueElement(member)))
    }
  })
  return tree
}
