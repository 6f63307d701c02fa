/**
 * Patterns: the regular expressions of audiences and whitelists, read into a tree. The grammar and its reasons are
 * told in src/eden/base/targeting/pattern_syntax.py.
 */

/** Places in a pattern once its {n} are written out. */
const MAX_SIZE = 256
/** Groups inside groups. */
const MAX_GROUPS = 8

const LAST = 0x10ffff
const PUNCTUATION = '^$\\.*+?()[]{}|/-'
/** What has a meaning and must be escaped to stand for itself. */
const SPECIAL = '*+?{}])'

type Ranges = readonly (readonly [low: number, high: number])[]

const ESCAPES: ReadonlyMap<string, Ranges> = new Map([
  ['d', [[0x30, 0x39]]],
  ['w', [[0x30, 0x39], [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]]],
])

export interface Characters { readonly kind: 'characters'; readonly ranges: Ranges; readonly negated: boolean }
export type Assertion = { readonly kind: 'start' } | { readonly kind: 'end' }
export type Node =
  | Characters
  | Assertion
  | { readonly kind: 'sequence' | 'either'; readonly parts: readonly Node[] }
  | { readonly kind: 'repeat'; readonly part: Node; readonly least: number; readonly most: number }

export class PatternError extends Error {
  override name = 'PatternError'
}

/** The tree of a pattern; PatternError if it is none. */
export function parsePattern(text: string): Node {
  const node = new Reader([...text]).read()
  if (sizeOf(node) > MAX_SIZE) throw new PatternError(`matches more than ${MAX_SIZE} characters at once`)
  return node
}

export const holds = ({ ranges, negated }: Characters, code: number): boolean =>
  ranges.some(([low, high]) => low <= code && code <= high) !== negated

/** How many places the written-out pattern has. Counted, not written out: {9}{9}… grows without bound. */
export function sizeOf(node: Node): number {
  switch (node.kind) {
    case 'sequence':
    case 'either':
      return node.parts.reduce((sum, part) => sum + sizeOf(part), 0)
    case 'repeat':
      return sizeOf(node.part) * Math.max(1, node.most === Infinity ? node.least + 1 : node.most)
    default:
      return 1
  }
}

class Reader {
  private at = 0

  /** `text` is characters, not UTF-16 units. */
  constructor(private readonly text: readonly string[]) {}

  read(): Node {
    const node = this.pattern(0)
    if (this.at < this.text.length) this.refuse('")" without "("')
    return node
  }

  private refuse(what: string): never {
    throw new PatternError(`at character ${this.at + 1}: ${what}`)
  }

  private get next(): string | undefined {
    return this.text[this.at]
  }

  private take(char: string): boolean {
    const found = this.next === char
    if (found) this.at++
    return found
  }

  private pattern(depth: number): Node {
    const parts = [this.sequence(depth)]
    while (this.take('|')) parts.push(this.sequence(depth))
    return parts.length === 1 ? parts[0]! : { kind: 'either', parts }
  }

  private sequence(depth: number): Node {
    const parts: Node[] = []
    while (this.next !== undefined && this.next !== '|' && this.next !== ')') {
      parts.push(this.quantified(this.atom(depth)))
    }
    if (parts.length === 0) this.refuse('nothing stands here')
    return parts.length === 1 ? parts[0]! : { kind: 'sequence', parts }
  }

  private quantified(part: Node): Node {
    const counts = this.take('*') ? [0, Infinity] as const
      : this.take('+') ? [1, Infinity] as const
      : this.take('?') ? [0, 1] as const
      : this.take('{') ? this.counts()
      : undefined
    if (!counts) return part
    if (part.kind === 'start' || part.kind === 'end') this.refuse('"^" and "$" cannot be repeated')
    if (this.next !== undefined && '*+?{'.includes(this.next)) this.refuse('a second quantifier')
    return { kind: 'repeat', part, least: counts[0], most: counts[1] }
  }

  private counts(): readonly [number, number] {
    const least = this.number()
    const most = !this.take(',') ? least : this.next === '}' ? Infinity : this.number()
    if (!this.take('}') || most < Math.max(1, least)) this.refuse('write {3}, {3,} or {3,5}')
    return [least, most]
  }

  private number(): number {
    let digits = ''
    while (this.next !== undefined && this.next >= '0' && this.next <= '9') digits += this.text[this.at++]
    if (digits.length < 1 || digits.length > 3) this.refuse('write {3}, {3,} or {3,5} with numbers below 1000')
    return Number(digits)
  }

  private atom(depth: number): Node {
    if (this.take('(')) return this.group(depth + 1)
    if (this.take('[')) return this.characters()
    if (this.take('\\')) return { kind: 'characters', ranges: this.escape(), negated: false }
    const char = this.next!
    if (SPECIAL.includes(char)) this.refuse(`"${char}" has nothing before it`)
    this.at++
    if (char === '^') return { kind: 'start' }
    if (char === '$') return { kind: 'end' }
    return { kind: 'characters', ranges: char === '.' ? [[0, LAST]] : only(char), negated: false }
  }

  private group(depth: number): Node {
    if (depth > MAX_GROUPS) this.refuse(`groups are nested more than ${MAX_GROUPS} deep`)
    if (this.take('?') && !this.take(':')) this.refuse('groups with "(?" other than "(?:"')
    const node = this.pattern(depth)
    if (!this.take(')')) this.refuse('"(" without ")"')
    return node
  }

  private escape(): Ranges {
    const char = this.next
    if (char === undefined) this.refuse('nothing follows "\\"')
    const ranges = PUNCTUATION.includes(char) ? only(char) : ESCAPES.get(char)
    if (!ranges) this.refuse(`"\\${char}" is not supported`)
    this.at++
    return ranges
  }

  private characters(): Node {
    const negated = this.take('^')
    const ranges: (readonly [number, number])[] = []
    while (!this.take(']')) {
      const low = this.member()
      const after = this.text[this.at + 1]
      if (this.next === '-' && after !== undefined && after !== ']') {
        this.at++
        const high = this.member()
        if (!isSingle(low) || !isSingle(high) || low[0]![0] > high[0]![0]) this.refuse('not a range')
        ranges.push([low[0]![0], high[0]![0]])
      } else {
        ranges.push(...low)
      }
    }
    if (ranges.length === 0) this.refuse('empty brackets')
    return { kind: 'characters', ranges, negated }
  }

  private member(): Ranges {
    if (this.take('\\')) return this.escape()
    const char = this.next
    if (char === undefined || char === '[') this.refuse('"[" without "]"')
    this.at++
    return only(char)
  }
}

const only = (char: string): Ranges => [[char.codePointAt(0)!, char.codePointAt(0)!]]
const isSingle = (ranges: Ranges): boolean => ranges.length === 1 && ranges[0]![0] === ranges[0]![1]
