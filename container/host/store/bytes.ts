/** Where packages are kept: bytes under a key, lasting if the browser can. Calls may fail; callers go on without. */
import { committed, database, request } from './database'

export interface ByteStore {
  readonly kind: Storage
  get(key: string): Promise<ArrayBuffer | undefined>
  put(key: string, bytes: ArrayBuffer): Promise<void>
  delete(key: string): Promise<void>
  keys(): Promise<string[]>
}

export type Storage = 'cache' | 'indexeddb' | 'memory'

/** The best store that works here: some embeddings (private windows, plain HTTP, file:) lack one or both. */
export async function openByteStore(preferred: Storage = 'cache'): Promise<ByteStore> {
  const order: Storage[] =
    preferred === 'memory' ? [] : preferred === 'indexeddb' ? ['indexeddb'] : ['cache', 'indexeddb']
  for (const kind of order) {
    try {
      const store = kind === 'cache' ? new CacheBytes(await caches.open('eden-packages-1')) : await IndexedBytes.open()
      await store.keys()
      return store
    } catch {
      continue
    }
  }
  return new MemoryBytes()
}

export class MemoryBytes implements ByteStore {
  readonly kind = 'memory'
  private readonly entries = new Map<string, ArrayBuffer>()
  async get(key: string): Promise<ArrayBuffer | undefined> { return this.entries.get(key)?.slice(0) }
  async put(key: string, bytes: ArrayBuffer): Promise<void> { this.entries.set(key, bytes.slice(0)) }
  async delete(key: string): Promise<void> { this.entries.delete(key) }
  async keys(): Promise<string[]> { return [...this.entries.keys()] }
}

/** Cache Storage wants addresses for keys; these lead nowhere. */
class CacheBytes implements ByteStore {
  readonly kind = 'cache'
  private static readonly PREFIX = 'https://packages.eden.invalid/'
  constructor(private readonly cache: Cache) {}

  private address(key: string): string {
    return CacheBytes.PREFIX + encodeURIComponent(key)
  }
  async get(key: string): Promise<ArrayBuffer | undefined> {
    return (await this.cache.match(this.address(key)))?.arrayBuffer()
  }
  async put(key: string, bytes: ArrayBuffer): Promise<void> {
    await this.cache.put(this.address(key), new Response(bytes))
  }
  async delete(key: string): Promise<void> {
    await this.cache.delete(this.address(key))
  }
  async keys(): Promise<string[]> {
    return (await this.cache.keys()).map(({ url }) => decodeURIComponent(url.slice(CacheBytes.PREFIX.length)))
  }
}

class IndexedBytes implements ByteStore {
  readonly kind = 'indexeddb'
  private constructor(private readonly db: IDBDatabase) {}
  static async open(): Promise<IndexedBytes> { return new IndexedBytes(await database()) }

  private table(mode: IDBTransactionMode): IDBObjectStore {
    return this.db.transaction('packages', mode).objectStore('packages')
  }
  get(key: string): Promise<ArrayBuffer | undefined> {
    return request(this.table('readonly').get(key) as IDBRequest<ArrayBuffer | undefined>)
  }
  put(key: string, bytes: ArrayBuffer): Promise<void> {
    return committed(this.table('readwrite').put(bytes, key))
  }
  delete(key: string): Promise<void> {
    return committed(this.table('readwrite').delete(key))
  }
  async keys(): Promise<string[]> {
    return (await request(this.table('readonly').getAllKeys())).map(String)
  }
}
