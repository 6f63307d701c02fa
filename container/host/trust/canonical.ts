/**
 * OLPC canonical JSON, over which signatures are made: no space, keys in the order of their code points, only `"` and
 * `\` escaped, whole numbers only. http://wiki.laptop.org/go/Canonical_JSON
 *
 * Stricter than the page where two readers could differ: a number that JavaScript does not hold exactly and half of
 * a surrogate pair are refused.
 */

/** Deeper than any metadata; far less than what a stack holds. */
const MAX_DEPTH = 64

/** The canonical form of a value as JSON.parse gives it, in UTF-8. Throws TypeError for what has none. */
export const canonicalJson = (value: unknown): Uint8Array<ArrayBuffer> => new TextEncoder().encode(encode(value, 0))

function encode(value: unknown, depth: number): string {
  if (depth > MAX_DEPTH) throw new TypeError(`is nested more than ${MAX_DEPTH} deep`)
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return quote(value)
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new TypeError(`has the number ${value}, which is no whole one below 2^53`)
    return String(value)
  }
  if (Array.isArray(value)) return `[${Array.from(value, (one) => encode(one, depth + 1)).join(',')}]`
  if (typeof value !== 'object') throw new TypeError(`has a value of type ${typeof value}`)
  const fields = Object.entries(value).sort(([a], [b]) => compare(a, b))
  return `{${fields.map(([key, one]) => `${quote(key)}:${encode(one, depth + 1)}`).join(',')}}`
}

function quote(text: string): string {
  if (/[\uD800-\uDFFF]/u.test(text)) throw new TypeError('has half of a surrogate pair in a text')
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}

/** In the order of code points; JavaScript's own order is that of UTF-16 units, where U+FFFF comes after U+10000. */
function compare(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = rank(a.charCodeAt(i)) - rank(b.charCodeAt(i))
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** Moves surrogates above all other units. */
const rank = (unit: number): number => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800)
