/** What looks like personal data is blotted out before it is written anywhere. */

const BLOT = '***'
/** Fields of a record whose values are the platform's own words. */
const OURS = new Set(['type', 'id', 'session', 'level', 'kind', 'pull'])
const MAX_DEPTH = 8

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

  /** The same record with every text in it masked, and the numbers of its properties: others are times and amounts. */
  record<T extends object>(record: T): T {
    if (this.patterns.length === 0) return record
    return Object.fromEntries(Object.entries(record).map(([name, member]) =>
      [name, OURS.has(name) ? member : this.value(member, name === 'props')])) as T
  }

  private value(value: unknown, numbers: boolean, depth = 0): unknown {
    if (typeof value === 'string') return this.text(value)
    if (typeof value === 'number' && numbers) {
      const masked = this.text(String(value))
      return masked === String(value) ? value : masked
    }
    if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return value
    if (Array.isArray(value)) return value.map((one) => this.value(one, numbers, depth + 1))
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, this.value(member, numbers, depth + 1)]))
  }
}
