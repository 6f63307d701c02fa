/**
 * The bytes of one workspace's programs on this phone, by SHA-256. What was kept is checked when it is read: disks
 * fail. When the browser has no more room, the versions that only wait to be gone back to are given up first.
 */
import { sha256 } from '../package/sha256'
import type { ByteStore } from '../store/bytes'
import { isFull } from './faults'

/**
 * Keep bytes. When there is no room, `makeRoom` frees some and it is tried again, until nothing is left to free: then,
 * and for every other reason, it rejects with the browser's error.
 */
export async function putWithRoom(
  store: ByteStore, key: string, bytes: ArrayBuffer, makeRoom: () => Promise<boolean>,
): Promise<void> {
  for (;;) {
    try {
      return await store.put(key, bytes)
    } catch (error) {
      if (!isFull(error) || !await makeRoom()) throw error
    }
  }
}

export class Vault {
  private readonly pinned = new Map<string, number>()

  /** `makeRoom` frees old versions, the least needed first; false: nothing is left to free. */
  constructor(
    private readonly store: Promise<ByteStore>, private readonly prefix: string,
    private readonly makeRoom: () => Promise<boolean>,
  ) {}

  /** Undefined when it is not there, or not what it was. */
  async get(hash: string): Promise<ArrayBuffer | undefined> {
    const store = await this.store
    const bytes = await store.get(this.key(hash)).catch(() => undefined)
    if (!bytes || await sha256(bytes) === hash) return bytes
    await store.delete(this.key(hash)).catch(() => undefined)
    return undefined
  }

  /** Whether there is something under this hash; `get` tells if it is undamaged. */
  async has(hash: string): Promise<boolean> {
    return (await (await this.store).keys().catch(() => [] as string[])).includes(this.key(hash))
  }

  /** Rejects with the browser's error when there is no room, even after old versions were given up. */
  async put(hash: string, bytes: ArrayBuffer): Promise<void> {
    await putWithRoom(await this.store, this.key(hash), bytes, this.makeRoom)
  }

  /** Keep these, which no shelf names yet, until the function that is returned is called. */
  pin(...hashes: string[]): () => void {
    for (const hash of hashes) this.pinned.set(hash, (this.pinned.get(hash) ?? 0) + 1)
    return () => {
      for (const hash of hashes) {
        const count = this.pinned.get(hash)! - 1
        if (count) this.pinned.set(hash, count)
        else this.pinned.delete(hash)
      }
    }
  }

  /** Remove everything but these and what is pinned. */
  async retain(hashes: readonly string[]): Promise<void> {
    const used = new Set([...hashes, ...this.pinned.keys()])
    const store = await this.store
    for (const key of await store.keys().catch(() => [] as string[])) {
      if (key.startsWith(this.prefix) && !used.has(key.slice(this.prefix.length))) {
        await store.delete(key).catch(() => undefined)
      }
    }
  }

  private key(hash: string): string { return this.prefix + hash }
}
