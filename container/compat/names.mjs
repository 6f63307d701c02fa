/** Names of `wx` members, as `container/api/names.ts` holds them. */
import { apis } from './typings.mjs'

/** Documented by WeChat once and used by real programs, but not in the typings. */
const OLDER = ['createContext', 'drawCanvas', 'createCanvas', 'chooseContact', 'reportAnalytics', 'version']

export function namesModule() {
  const names = [...new Set([...apis().map((api) => api.name), ...OLDER])].sort()
  const lines = []
  let line = ''
  for (const name of names) {
    if (line.length + name.length > 116) { lines.push(line.trim()); line = '' }
    line += `${name} `
  }
  lines.push(line.trim())
  return `/** Every member of \`wx\` that WeChat documents; written by compat/generate.mjs from the typings. */
export const API_NAMES: readonly string[] = \`
${lines.join('\n')}
\`.trim().split(/\\s+/)
`
}
