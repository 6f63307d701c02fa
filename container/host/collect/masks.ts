/** What looks like personal data is blotted out before it is written anywhere. */
import type { Props } from './records'

const BLOT = '***'
/** Fields whose values are the platform's own words. */
const OURS = new Set(['type', 'id', 'session', 'level', 'category', 'kind', 'mechanism', 'pull'])

/** Patterns are regular expressions; one that is none is left out. */
export class Masks {
  private readonly patterns: RegExp[]

  constructor(masks: readonly string[]) {
    this.patterns = masks.flatMap((mask) => {
      try {
        return [new RegExp(mask, 'gu')]
      } catch {
        return []
      }
    })
  }

  text(text: string): string { return this.patterns.reduce((masked, pattern) => masked.replace(pattern, BLOT), text) }

  /** The same value with every text in it masked. */
  value<T>(value: T, depth = 0): T {
    if (this.patterns.length === 0) return value
    if (typeof value === 'string') return this.text(value) as T
    if (typeof value !== 'object' || value === null || depth > 8) return value
    if (Array.isArray(value)) return value.map((one) => this.value(one, depth + 1)) as T
    const out: Props = {}
    for (const [name, member] of Object.entries(value)) out[name] = OURS.has(name) ? member : this.value(member, depth + 1)
    return out as T
  }
}
