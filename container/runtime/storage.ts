/** wx storage: synchronous on the snapshot of Boot, written behind to the host in batches. */
import type { Storage } from './context'

export class ProgramStorage implements Storage {
  private readonly texts = new Map<string, string>()
  private size = 0
  private dirty = new Map<string, string | null>()
  private scheduled = false

  constructor(
    snapshot: { [key: string]: string },
    readonly limitKB: number,
    private readonly persist: (set: { [key: string]: string }, remove: string[]) => void,
  ) {
    for (const [key, text] of Object.entries(snapshot)) {
      this.texts.set(key, text)
      this.size += key.length + text.length
    }
  }

  get(key: string): unknown {
    const text = this.texts.get(key)
    return text === undefined ? '' : decode(text)
  }

  has(key: string): boolean { return this.texts.has(key) }

  set(key: string, value: unknown): void {
    const text = encode(value)
    const old = this.texts.get(key)
    const size = this.size - (old === undefined ? 0 : key.length + old.length) + key.length + text.length
    if (size > this.limitKB * 1024) throw new Error('exceed storage max size 10MB')
    this.size = size
    this.texts.set(key, text)
    this.touch(key, text)
  }

  remove(key: string): void {
    const old = this.texts.get(key)
    if (old === undefined) return
    this.size -= key.length + old.length
    this.texts.delete(key)
    this.touch(key, null)
  }

  clear(): void {
    for (const key of [...this.texts.keys()]) this.remove(key)
  }

  keys(): string[] { return [...this.texts.keys()] }
  sizeKB(): number { return Math.ceil(this.size / 1024) }

  private touch(key: string, text: string | null): void {
    this.dirty.set(key, text)
    if (this.scheduled) return
    this.scheduled = true
    queueMicrotask(() => this.flush())
  }

  private flush(): void {
    this.scheduled = false
    const set: { [key: string]: string } = {}
    const remove: string[] = []
    for (const [key, text] of this.dirty) {
      if (text === null) remove.push(key)
      else Object.defineProperty(set, key, { value: text, enumerable: true, configurable: true, writable: true })
    }
    this.dirty.clear()
    this.persist(set, remove)
  }
}

/** JSON with WeChat's additions: undefined and Date survive. */
function encode(value: unknown): string {
  if (value === undefined) return '{"$eden":"undefined"}'
  if (value instanceof Date) return `{"$eden":"date","value":${value.getTime()}}`
  return JSON.stringify(value) ?? '{"$eden":"undefined"}'
}

function decode(text: string): unknown {
  const value: unknown = JSON.parse(text)
  const special = (value as { $eden?: string; value?: number } | null)?.$eden
  if (special === 'undefined') return undefined
  if (special === 'date') return new Date((value as { value: number }).value)
  return value
}
