/**
 * Persistent values: storage of programs, granted permissions, the person's profile. Keys are
 * `AREA\0KEY`; an area is one program's storage, one program's capabilities, the profile and so on.
 */
import type { ValueStore } from '../capabilities/types'
import { database, request } from './database'

export interface ValueStores {
  area(name: string): ValueStore
}

/** From a prefix to the first text that no longer begins with it. */
function bounds(prefix: string): IDBKeyRange {
  const last = prefix.charCodeAt(prefix.length - 1)
  return IDBKeyRange.bound(prefix, prefix.slice(0, -1) + String.fromCharCode(last + 1), false, true)
}

class IndexedValues implements ValueStore {
  constructor(private readonly db: IDBDatabase, private readonly name: string) {}

  get<T>(key: string): Promise<T | undefined> {
    const table = this.db.transaction('values').objectStore('values')
    return request(table.get(`${this.name}\0${key}`) as IDBRequest<T | undefined>)
  }

  write(changes: ReadonlyMap<string, unknown>): Promise<void> {
    return new Promise((resolve, reject) => {
      const transaction = this.db.transaction('values', 'readwrite')
      const table = transaction.objectStore('values')
      for (const [key, value] of changes) {
        if (value === undefined) table.delete(`${this.name}\0${key}`)
        else table.put(value, `${this.name}\0${key}`)
      }
      transaction.oncomplete = () => resolve()
      transaction.onabort = () => reject(transaction.error ?? new Error('not stored'))
      // at once: a page that is being closed does not come to it by itself
      transaction.commit?.()
    })
  }

  async entries<T>(prefix: string): Promise<[string, T][]> {
    const range = bounds(`${this.name}\0${prefix}`)
    const table = this.db.transaction('values').objectStore('values')
    const [keys, values] = await Promise.all([
      request(table.getAllKeys(range)),
      request(table.getAll(range) as IDBRequest<T[]>),
    ])
    return keys.map((key, index) => [String(key).slice(this.name.length + 1), values[index] as T])
  }

  async keys(prefix: string): Promise<string[]> {
    const table = this.db.transaction('values').objectStore('values')
    const keys = await request(table.getAllKeys(bounds(`${this.name}\0${prefix}`)))
    return keys.map((key) => String(key).slice(this.name.length + 1))
  }
}

export class MemoryValues implements ValueStore {
  private readonly values = new Map<string, unknown>()

  async get<T>(key: string): Promise<T | undefined> { return this.values.get(key) as T | undefined }

  async write(changes: ReadonlyMap<string, unknown>): Promise<void> {
    for (const [key, value] of changes) {
      if (value === undefined) this.values.delete(key)
      else this.values.set(key, structuredClone(value))
    }
  }

  async entries<T>(prefix: string): Promise<[string, T][]> {
    return [...this.values].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1)) as [
      string,
      T,
    ][]
  }

  async keys(prefix: string): Promise<string[]> { return (await this.entries(prefix)).map(([key]) => key) }
}

/** IndexedDB, or memory where there is none or none is wanted. */
export async function openValueStores(kind: 'lasting' | 'memory'): Promise<ValueStores> {
  const db = kind === 'lasting' ? await database().catch(() => undefined) : undefined
  const areas = new Map<string, ValueStore>()
  return {
    area(name) {
      let area = areas.get(name)
      if (!area) areas.set(name, area = db ? new IndexedValues(db, name) : new MemoryValues())
      return area
    },
  }
}
