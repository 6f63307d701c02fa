/**
 * Reads what WeChat documents from miniprogram-api-typings: the members of `wx` and their pages in the reference.
 * A reader for exactly this file, not for TypeScript in general.
 */
import { readFileSync } from 'node:fs'

const FILE = new URL('../node_modules/miniprogram-api-typings/types/wx/lib.wx.api.d.ts', import.meta.url)

/** Declaration text with comments blanked out (same length, so that offsets fit the original). */
function blankComments(text) {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|'[^'\n]*'/g, (found) =>
    found.startsWith("'") ? found : found.replace(/[^\n]/g, ' '),
  )
}

/** Offset behind the bracket that closes the one at `open`. */
function closing(text, open) {
  let depth = 0
  for (let at = open; at < text.length; at++) {
    if ('{(['.includes(text[at])) depth++
    else if ('})]'.includes(text[at]) && --depth === 0) return at + 1
  }
  throw new Error('unbalanced brackets in the typings')
}

/** Offset behind the type parameters that start at `open`; the ">" of "=>" is no bracket. */
function closingAngle(text, open) {
  let depth = 0
  for (let at = open; at < text.length; at++) {
    if (text[at] === '<') depth++
    else if (text[at] === '>' && text[at - 1] !== '=' && --depth === 0) return at + 1
  }
  throw new Error('unbalanced brackets in the typings')
}

/** Offset of the line break that ends the member whose name ends at `at`. */
function endOfMember(code, at) {
  let stop = code[at] === '<' ? closingAngle(code, at) : at
  while (stop < code.length) {
    if ('{(['.includes(code[stop])) stop = closing(code, stop)
    else if (code[stop] !== '\n') stop++
    else if (/^\s*[|&?:]/.test(code.slice(stop + 1, stop + 200)) || /(=>|[|&:?,])\s*$/.test(code.slice(at, stop)))
      stop++
    else break
  }
  return stop
}

/** Every member of `wx`: [{name, link}], sorted by name; link is its page in WeChat's reference, or "". */
export function apis() {
  const text = readFileSync(FILE, 'utf8')
  const code = blankComments(text)
  const start = code.indexOf('interface Wx {') + 'interface Wx {'.length
  const end = closing(code, start - 1) - 1
  const head = /\s*([A-Za-z_$][\w$]*)\??\s*(?=[(:<])/y
  const links = new Map()
  for (let at = start; at < end;) {
    head.lastIndex = at
    const name = head.exec(code)?.[1]
    if (!name) {
      at++
      continue
    }
    const comment = text.slice(at, head.lastIndex)
    if (!links.get(name)) links.set(name, /\]\((https:[^)]+)\)/.exec(comment)?.[1] ?? '')
    at = endOfMember(code, head.lastIndex)
  }
  return [...links].map(([name, link]) => ({ name, link })).sort((a, b) => (a.name < b.name ? -1 : 1))
}
