/**
 * Reads what WeChat documents from miniprogram-api-typings: the members of `wx`, their options and results, and for
 * each the sentence of its description. A reader for exactly these files, not for TypeScript in general.
 */
import { readFileSync } from 'node:fs'

const FOLDER = new URL('../node_modules/miniprogram-api-typings/types/wx/', import.meta.url)

/** Declaration text with comments blanked out (same length, so that offsets fit the original). */
function blankComments(text) {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|'[^'\n]*'/g, (found) =>
    found.startsWith("'") ? found : found.replace(/[^\n]/g, ' '))
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

/** Offset behind the type parameters that start at `open`; `=>` is no bracket. */
function closingAngle(text, open) {
  let depth = 0
  for (let at = open; at < text.length; at++) {
    if (text[at] === '<') depth++
    else if (text[at] === '>' && text[at - 1] !== '=' && --depth === 0) return at + 1
  }
  throw new Error('unbalanced brackets in the typings')
}

const TEXT = readFileSync(new URL('lib.wx.api.d.ts', FOLDER), 'utf8')
const CODE = blankComments(TEXT)

/** interface name → {parents, members: [{name, signature, description}]}; overloads are members of one name. */
function interfaces(text, code) {
  const found = new Map()
  for (const match of code.matchAll(/\binterface (\w+)[^{]*?(?:extends ([^{]+))?\{/g)) {
    const start = match.index + match[0].length
    const end = closing(code, start - 1) - 1
    const members = []
    let at = start
    while (at < end) {
      const head = /\s*(?:readonly )?(?:'([^']+)'|([A-Za-z_$][\w$]*))(\?)?\s*(?=[(:<])/y
      head.lastIndex = at
      const name = head.exec(code)
      if (!name) { at++; continue }
      let stop = code[head.lastIndex] === '<' ? closingAngle(code, head.lastIndex) : head.lastIndex
      // A member ends at the first line break outside brackets that is not inside a union continued below.
      while (stop < end) {
        if ('{(['.includes(code[stop])) stop = closing(code, stop)
        else if (code[stop] === '\n' && !/^\s*[|&]|^\s*\?|^\s*:/.test(code.slice(stop + 1, stop + 200)) && !/(=>|[|&:?,])\s*$/.test(code.slice(head.lastIndex, stop))) break
        else stop++
      }
      members.push({
        name: name[1] ?? name[2],
        signature: code.slice(head.lastIndex, stop).replace(/\s+/g, ' ').trim(),
        description: text.slice(at, head.lastIndex),
      })
      at = stop
    }
    const earlier = found.get(match[1])
    if (earlier) earlier.members.push(...members)
    else found.set(match[1], { parents: (match[2] ?? '').split(',').map((parent) => parent.trim()).filter(Boolean), members })
  }
  return found
}

const CALLBACKS = new Map([...CODE.matchAll(/type (\w+)(?:<[^=]*>)?\s*=\s*\(\s*\w+\??:\s*(\w+)/g)].map((match) => [match[1], match[2]]))

const firstSentence = (comment) => {
  const prose = comment.replace(/```[\s\S]*?(```|$)/g, '').replace(/\/\*\*|\*\//g, '')
  const lines = prose.split('\n').map((line) => line.replace(/^\s*\*?\s?/, '').trim())
  const useful = lines.filter((line) => line && !/^[\[@*`|]|^需要基础库|^在插件中使用|^相关文档|^\*\*|^```/.test(line))
  return (useful[0] ?? '').replace(/\s+/g, ' ')
}

const TYPES = interfaces(TEXT, CODE)

function membersOf(name, seen = new Set()) {
  const type = TYPES.get(name)
  if (!type || seen.has(name)) return []
  seen.add(name)
  return [...type.members, ...type.parents.flatMap((parent) => membersOf(parent.replace(/<.*/, ''), seen))]
}

const names = (type) => [...new Set(membersOf(type).map((member) => member.name))].filter((name) => name !== 'errMsg')

/**
 * Every member of `wx` by name, sorted: description, names of its option fields and of its result's fields, and
 * whether it takes an options object with callbacks.
 */
export function apis() {
  const list = new Map()
  for (const { name, signature, description } of TYPES.get('Wx').members) {
    const option = /<\s*\w+ extends (?:\w+\.)?(\w*Options?)\b/.exec(signature)?.[1] ?? /\boptions?\??: (\w+)/.exec(signature)?.[1]
    const result = /\)\s*:\s*(\w+)(\[\])?$/.exec(signature)?.[1]
    const fields = option ? names(option) : []
    const success = option && membersOf(option).find((member) => member.name === 'success')
    const callback = success && /\?\??: (\w+)|^: (\w+)/.exec(success.signature)
    const resultType = callback && resultOfCallback(callback[1] ?? callback[2])
    const entry = list.get(name) ?? { name, description: firstSentence(description), link: /\]\((https:[^)]+)\)/.exec(description)?.[1] ?? '', object: [], success: [], returns: [], callbacks: false }
    entry.object = [...new Set([...entry.object, ...fields])].filter((field) => !['success', 'fail', 'complete'].includes(field))
    entry.success = [...new Set([...entry.success, ...(resultType ? names(resultType) : [])])]
    entry.returns = [...new Set([...entry.returns, ...(result && TYPES.has(result) ? names(result) : [])])]
    entry.callbacks ||= Boolean(success)
    list.set(name, entry)
  }
  return [...list.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Type of the first argument of a callback type: `type LoginSuccessCallback = (result: LoginSuccessCallbackResult) => void`. */
const resultOfCallback = (type) => CALLBACKS.get(type)
