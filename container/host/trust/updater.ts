/**
 * The client of The Update Framework: brings this phone's trusted metadata up to date and answers which bytes a
 * target must have. The rules are in trusted.ts; here they meet the network and the store. docs/trust.md tells the
 * whole way.
 */
import { nameHash, sha256, verifyBytes, type Hashes } from './digest'
import { rolesFor } from './delegation'
import { TrustError } from './error'
import type { Subtle } from './keys'
import { parseRoot, type Root, type Targets } from './metadata'
import { rotatesKeys, TrustedMetadata } from './trusted'

export type Bytes = Uint8Array<ArrayBuffer>

/**
 * Where accepted metadata is kept, by name; one per repository. `put` is all or nothing. Pages that share a store take
 * turns (`navigator.locks`), or a slower one may put an older file over a newer one.
 */
export interface MetadataStore {
  get(name: string): Promise<Bytes | undefined>
  put(name: string, bytes: Bytes): Promise<void>
  delete(name: string): Promise<void>
}

export interface Fetcher {
  /**
   * The file at `path`, percent-encoded, below the repository's metadata folder; undefined if the server says that
   * there is none. Stops reading after `maxLength` bytes with TrustError `length`. Any other error, such as no
   * network, goes to the caller of the updater as it is.
   */
  fetch(path: string, maxLength: number): Promise<Bytes | undefined>
}

/** Against endless data and endless searches. The lengths are for files whose size no signed file names, bytes. */
export interface Limits {
  /** new roots in one refresh */
  roots: number
  /** roles asked about one target */
  delegations: number
  root: number
  timestamp: number
  snapshot: number
  targets: number
}

/** Those of python-tuf. A timestamp is below 1 kB, a snapshot of 200 mini programs is 6 kB, one program's file 9 kB. */
export const LIMITS: Readonly<Limits> = {
  roots: 256, delegations: 32, root: 512_000, timestamp: 16_384, snapshot: 2_000_000, targets: 5_000_000,
}

export interface UpdaterOptions {
  /**
   * The root that came with the app. Every start follows the roots from there, so a server that has been set up anew
   * is followed as soon as the app has its root. Left out: the store's `root.json` was put there by the caller.
   */
  root?: Bytes
  store: MetadataStore
  fetcher: Fetcher
  /** ms since 1970 */
  now: () => number
  limits?: Partial<Limits>
  subtle?: Subtle
}

/** What signed metadata says of a target. */
export interface TargetInfo {
  path: string
  /** bytes */
  length: number
  hashes: Hashes
  /** as it was signed */
  custom: unknown
  /** who signed it */
  role: string
  /** where it is below the repository's targets folder, percent-encoded; with its hash if snapshots are consistent */
  location: string
}

export class Updater {
  private readonly limits: Limits
  private trusted: TrustedMetadata | undefined
  private running: Promise<TrustedMetadata> | undefined

  constructor(private readonly options: UpdaterOptions) {
    this.limits = { ...LIMITS, ...options.limits }
  }

  /**
   * Root, timestamp, snapshot and targets, each accepted and kept before the next is asked for. Throws TrustError
   * when one is refused, or what fetcher and store throw; what was kept before stays kept. Calls at the same time
   * are one.
   */
  async refresh(): Promise<void> {
    await this.renew()
  }

  /**
   * Searches targets and the roles they delegate to, in their order of precedence. Undefined: there is no such
   * target. Refreshes first if that has not been done, or failed.
   */
  async targetInfo(path: string): Promise<TargetInfo | undefined> {
    const trusted = this.trusted ?? await this.renew()
    const hash = await sha256(this.subtle(), new TextEncoder().encode(path))
    const visited = new Set<string>()
    const queue: { role: string; delegator?: Targets }[] = [{ role: 'targets' }]
    for (let next = queue.pop(); next; next = queue.pop()) {
      const { role, delegator } = next
      if (visited.has(role)) continue
      if (visited.size > this.limits.delegations) {
        throw new TrustError('delegations', path, `is behind more than ${this.limits.delegations} delegated roles`)
      }
      visited.add(role)
      const targets = delegator ? await this.delegated(trusted, delegator, role) : trusted.targets!
      const found = targets.targets.get(path)
      if (found) return { path, ...found, role, location: this.location(trusted.root, path, found.hashes) }
      const visits = targets.delegations ? rolesFor(targets.delegations, path, hash) : []
      const end = visits.findIndex((visit) => visit.terminating)
      if (end >= 0) queue.length = 0
      const asked = end >= 0 ? visits.slice(0, end + 1) : visits
      queue.push(...asked.reverse().map(({ name }) => ({ role: name, delegator: targets })))
    }
    return undefined
  }

  /** Throws TrustError unless these are the target's bytes. */
  async verifyTarget(bytes: Bytes, info: TargetInfo): Promise<void> {
    await verifyBytes(this.subtle(), bytes, info, info.path)
  }

  private renew(): Promise<TrustedMetadata> {
    this.trusted = undefined
    this.running ??= this.update()
      .then((trusted) => (this.trusted = trusted))
      .finally(() => (this.running = undefined))
    return this.running
  }

  private async update(): Promise<TrustedMetadata> {
    const trusted = await this.updateRoots()
    const { limits } = this
    await this.kept('timestamp', (bytes) => trusted.updateTimestamp(bytes))
    const timestamp = await this.download('timestamp.json', limits.timestamp)
    if (await trusted.updateTimestamp(timestamp)) await this.options.store.put('timestamp.json', timestamp)

    const { version, length = limits.snapshot } = trusted.snapshotMeta
    const snapshot = await this.kept('snapshot', (bytes) => trusted.updateSnapshot(bytes, { kept: true }))
    if (!snapshot) {
      const path = this.versioned(trusted.root, version, 'snapshot')
      const bytes = await this.download(path, Math.min(length, limits.snapshot))
      await trusted.updateSnapshot(bytes)
      await this.options.store.put('snapshot.json', bytes)
    }
    await this.targets(trusted, 'targets', (bytes) => trusted.updateTargets(bytes))
    return trusted
  }

  /**
   * 5.2 and 5.3. `root.json` in the store is the root under which the kept timestamp and snapshot were accepted:
   * they are deleted before it is replaced by one that rotates their keys, so a stop in between loses nothing.
   */
  private async updateRoots(): Promise<TrustedMetadata> {
    const { store, root, now, fetcher } = this.options
    const kept = await store.get('root.json')
    const start = root ?? kept
    if (!start) throw new TrustError('missing', 'root.json', 'is neither given nor kept; an app must come with one')
    const trusted = await TrustedMetadata.open(start, now(), this.subtle())
    const before = root ? kept && readable(kept) : trusted.root
    const adopt = async (bytes: Bytes): Promise<void> => {
      if (before && rotatesKeys(before, trusted.root)) {
        await store.delete('timestamp.json')
        await store.delete('snapshot.json')
      }
      await store.put('root.json', bytes)
    }

    if (root) {
      let newest = root
      const follow = async (bytes: Bytes): Promise<Root> => {
        const followed = await trusted.updateRoot(bytes)
        newest = bytes
        return followed
      }
      while (await this.kept(`root/${trusted.root.version + 1}`, follow));
      if (!kept || !isSame(kept, newest)) await adopt(newest)
    }
    for (let count = 0; count < this.limits.roots; count++) {
      const version = trusted.root.version + 1
      const path = `${version}.root.json`
      const bytes = checkLength(await fetcher.fetch(path, this.limits.root), this.limits.root, path)
      if (!bytes) break
      await trusted.updateRoot(bytes)
      await store.put(`root/${version}.json`, bytes)
      await adopt(bytes)
    }
    trusted.closeRoot()
    return trusted
  }

  private async delegated(trusted: TrustedMetadata, delegator: Targets, role: string): Promise<Targets> {
    return trusted.delegated(delegator, role)
      ?? await this.targets(trusted, role, (bytes) => trusted.updateDelegated(bytes, delegator, role))
  }

  /** A targets file as it was kept if it is still the right one, otherwise from the network. */
  private async targets(
    trusted: TrustedMetadata, role: string, accept: (bytes: Bytes) => Promise<Targets>,
  ): Promise<Targets> {
    const { version, length = this.limits.targets } = trusted.targetsMeta(role)
    const name = encodeName(role)
    const kept = await this.kept(name, accept)
    if (kept) return kept
    const path = this.versioned(trusted.root, version, name)
    const bytes = await this.download(path, Math.min(length, this.limits.targets))
    const accepted = await accept(bytes)
    await this.options.store.put(`${name}.json`, bytes)
    return accepted
  }

  /** What `accept` makes of a kept file; undefined if there is none, or one that is not trusted any more. */
  private async kept<T>(name: string, accept: (bytes: Bytes) => Promise<T>): Promise<T | undefined> {
    const bytes = await this.options.store.get(`${name}.json`)
    if (!bytes) return undefined
    try {
      return await accept(bytes)
    } catch (error) {
      if (error instanceof TrustError) return undefined
      throw error
    }
  }

  private async download(path: string, limit: number): Promise<Bytes> {
    const bytes = checkLength(await this.options.fetcher.fetch(path, limit), limit, path)
    if (!bytes) throw new TrustError('missing', path, 'is not on the server')
    return bytes
  }

  private versioned(root: Root, version: number, name: string): string {
    return root.consistentSnapshot ? `${version}.${name}.json` : `${name}.json`
  }

  private location(root: Root, path: string, hashes: Hashes): string {
    const parts = path.split('/').map(encodeName)
    // an address with them would be another one, encoded or not
    if (parts.some((part) => part === '.' || part === '..')) throw new TrustError('format', path, 'leaves its folder')
    if (root.consistentSnapshot) parts.push(`${nameHash(hashes)}.${parts.pop()}`)
    return parts.join('/')
  }

  private subtle(): Subtle { return this.options.subtle ?? webCrypto() }
}

/**
 * Throws TrustError unless this is a root that its own keys have signed: what may be kept where none came with the
 * app. A page of some portal on the way, believed for good, would end all updates.
 */
export async function verifyFirstRoot(root: Bytes, subtle: Subtle = webCrypto()): Promise<void> {
  await TrustedMetadata.open(root, 0, subtle)
}

function webCrypto(): Subtle {
  const subtle = (globalThis.crypto as Crypto | undefined)?.subtle as Subtle | undefined
  if (!subtle) throw new TrustError('unsupported', 'Web Crypto', 'exists only on pages from https or localhost')
  return subtle
}

/** A role or file name in an address or a store: never a path of its own. As Python's `quote(name, "")`. */
const encodeName = (name: string): string =>
  encodeURIComponent(name).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

function checkLength(bytes: Bytes | undefined, limit: number, path: string): Bytes | undefined {
  if (bytes && bytes.byteLength > limit) throw new TrustError('length', path, `is longer than ${limit} bytes`)
  return bytes
}

const isSame = (a: Bytes, b: Bytes): boolean => a.length === b.length && a.every((byte, i) => byte === b[i])

/** A root of the store for comparison only: one that cannot be read is as none. */
function readable(bytes: Bytes): Root | undefined {
  try {
    return parseRoot(bytes, 'root.json').signed
  } catch {
    return undefined
  }
}
