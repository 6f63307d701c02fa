/**
 * Writes everything that follows from WeChat's documentation and Eden's code together:
 *
 *   docs/compatibility.md             for people
 *   src/eden/build/data/api.json      {"NAME": "yes" | "partial" | "no"}, for the compiler's warnings
 *   src/eden/build/builtins.json      {"TAG": whether the container has it}
 *   container/api/names.ts            what `wx` must have although it does not work
 *
 *     node compat/generate.mjs            (a test fails while the committed files differ)
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { implemented } from './code.mjs'
import { COMMON, DOCUMENTED, LIMITS } from './components.mjs'
import { reasonFor } from './reasons.mjs'
import { compatibility } from './table.mjs'
import { apis } from './typings.mjs'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Documented by WeChat once and used by real programs, but not in the typings. */
const OLDER = ['createContext', 'drawCanvas', 'getChatForwardMaterials', 'invokeNativePlugin', 'version']

/** Attributes may be written in either form, so they are compared without dashes and case. */
const plain = (name) => name.replace(/-/g, '').toLowerCase()
const camel = (name) => name.replace(/-([a-z])/g, (_, letter) => letter.toUpperCase())

/** @typedef {{name: string, group: string, state: 'yes' | 'partial' | 'no', note: string, link: string}} Row */

function apiRows(code) {
  const known = new Map(apis().map((api) => [api.name, api]))
  for (const name of OLDER) if (!known.has(name)) known.set(name, { name, link: '' })
  return [...known.values()]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, link }) => {
      const group = /\/dev\/api\/([^/]+)/.exec(link)?.[1] ?? 'base'
      const missing = Object.entries(code.partial).filter(([key]) => key === name || key.startsWith(`${name}.`))
      if (!code.apis.has(name)) return { name, link, group, state: 'no', note: reasonFor(name) }
      const note = missing
        .map(([key, reason]) => (key === name ? reason : `\`${key.slice(name.length + 1)}\`: ${reason}`))
        .join('; ')
      return { name, link, group, state: missing.length ? 'partial' : 'yes', note }
    })
}

function componentRows(code) {
  const have = new Map(code.components.map(({ tag, properties }) => [tag, new Set(properties.map(plain))]))
  const rows = Object.entries(DOCUMENTED).flatMap(([group, tags]) =>
    Object.entries(tags).map(([name, attributes]) => {
      const properties = have.get(name)
      if (!properties) return { name, group, state: 'no', note: reasonFor(camel(name)), link: '' }
      const missing = attributes.filter(
        (attribute) => !COMMON.has(attribute) && !properties.has(plain(attribute)) && !attribute.includes(':'),
      )
      const notes = [
        LIMITS[name],
        missing.length && `without ${missing.map((attribute) => `\`${attribute}\``).join(', ')}`,
      ].filter(Boolean)
      return { name, group, state: notes.length ? 'partial' : 'yes', note: notes.join('; '), link: '' }
    }),
  )
  return rows
}

function namesModule(rows) {
  const lines = []
  let line = ''
  for (const { name } of rows.filter(({ state }) => state === 'no')) {
    if (line.length + name.length > 116) {
      lines.push(line.trim())
      line = ''
    }
    line += `${name} `
  }
  lines.push(line.trim())
  return `/** Members of \`wx\` that WeChat documents and Eden has not got; written by compat/generate.mjs. */
export const API_NAMES: readonly string[] = \`
${lines.join('\n')}
\`.trim().split(/\\s+/)
`
}

const json = (value) => `${JSON.stringify(value, null, 2)}\n`

/** Path from the repository's root → content. */
export async function outputs() {
  const code = await implemented()
  const api = apiRows(code)
  const components = componentRows(code)
  // Placeholders that show nothing of what they stand for count as absent for the compiler's warning.
  const works = ({ name, state }) =>
    state !== 'no' && !/placeholder|takes no room|run in WeChat only/.test(LIMITS[name] ?? '')
  return new Map([
    ['docs/compatibility.md', compatibility(api, components)],
    ['src/eden/build/data/api.json', json(Object.fromEntries(api.map(({ name, state }) => [name, state])))],
    [
      'src/eden/build/builtins.json',
      json(Object.fromEntries(components.map((row) => [row.name, works(row)]).sort(([a], [b]) => (a < b ? -1 : 1)))),
    ],
    ['container/api/names.ts', namesModule(api)],
  ])
}

/** What is in the repository now. */
export const committed = (path) => readFileSync(ROOT + path, 'utf8')

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, content] of await outputs()) {
    mkdirSync(dirname(ROOT + path), { recursive: true })
    writeFileSync(ROOT + path, content)
  }
}
