/** A program's value store with a bound, so that no program can fill the person's disk. */
import { fail, type ValueStore } from '../capabilities/types'

/** 10 MB of storage, 50 MB of files (WeChat's 200 MB are a phone's, not a browser's), and what capabilities keep. */
export const MAX_KEPT = 64 * 1024 * 1024

export class QuotaStore implements ValueStore {
  private sizes: Promise<Map<string, number>> | undefined

  constructor(private readonly store: ValueStore, private readonly limit = MAX_KEPT) {}

  get<T>(key: string): Promise<T | undefined> { return this.store.get(key) }
  entries<T>(prefix: string): Promise<[string, T][]> { return this.store.entries(prefix) }
  keys(prefix: string): Promise<string[]> { return this.store.keys(prefix) }

  async write(changes: ReadonlyMap<string, unknown>): Promise<void> {
    this.sizes ??= this.store
      .entries('')
      .then((all) => new Map(all.map(([key, value]) => [key, sizeOf(key) + sizeOf(value)])))
    const sizes = await this.sizes
    const before = new Map<string, number | undefined>()
    for (const [key, value] of changes) {
      before.set(key, sizes.get(key))
      if (value === undefined) sizes.delete(key)
      else sizes.set(key, sizeOf(key) + sizeOf(value))
    }
    const undo = (): void => {
      for (const [key, size] of before) {
        if (size === undefined) sizes.delete(key)
        else sizes.set(key, size)
      }
    }
    let total = 0
    for (const size of sizes.values()) total += size
    if (total > this.limit) {
      undo()
      throw fail('exceed storage max size')
    }
    await this.store.write(changes).catch((error: unknown) => { undo(); throw error })
  }
}

/** About the bytes that structured clone takes; values were checked to be trees. */
export function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length * 2
  if (value instanceof ArrayBuffer) return value.byteLength
  if (typeof Blob === 'function' && value instanceof Blob) return value.size
  if (typeof value !== 'object' || value === null) return 8
  return Object.entries(value).reduce((sum, [key, one]) => sum + key.length * 2 + sizeOf(one), 16)
}
