/** Archives of a program: kept on this phone, made from an older one by a delta, or downloaded whole. */
import type { Manifest, PackageEntry } from '../package/manifest'
import { parseManifest } from '../package/manifest'
import { sha256 } from '../package/sha256'
import type { Progress } from '../package/source'
import { verifyArchive } from '../package/verify'
import type { DeviceServer } from './server'
import type { Kept, Shelf } from './shelf'
import type { Vault } from './vault'
import type { Verifier } from './verifier'

export class Archives {
  constructor(
    private readonly vault: Vault, private readonly server: DeviceServer,
    private readonly deltas: Pick<Verifier, 'applyDelta'>,
  ) {}

  async manifest(version: Kept): Promise<Manifest | undefined> {
    const bytes = await this.vault.get(version.manifest)
    return bytes && parseManifest(bytes)
  }

  /** Verified bytes, kept from now on; `shelf` holds the versions that a delta may start from. */
  async get(
    version: { key: string; code: number }, entry: PackageEntry, shelf: Shelf, progress: Progress = () => {},
  ): Promise<ArrayBuffer> {
    const there = await this.vault.get(entry.sha256)
    if (there) {
      progress(entry.size, entry.size)
      return there
    }
    const base = await this.base(entry, shelf)
    const target = { ...version, ...entry }
    const verify = (whole: Uint8Array<ArrayBuffer>): Promise<void> => verifyArchive(whole.buffer, entry)
    // the browser's own dictionary, then a delta to what this phone keeps, then the whole archive
    const bytes = (base && browserKnowsDictionaries() && await this.server.targetByDelta(target, verify, progress))
      || (base && await this.byDelta(entry, base))
      || await this.server.target(target, verify, progress)
    await this.vault.put(entry.sha256, bytes.buffer)
    return bytes.buffer
  }

  /** An older archive of the same name that is on this phone. */
  private async base(entry: PackageEntry, shelf: Shelf): Promise<{ sha256: string; bytes: ArrayBuffer } | undefined> {
    for (const version of [shelf.current, shelf.previous]) {
      const manifest = version && await this.manifest(version)
      const found = manifest?.packages.find(({ name }) => name === entry.name)
      const bytes = found && await this.vault.get(found.sha256)
      if (bytes) return { sha256: found.sha256, bytes }
    }
    return undefined
  }

  /** Undefined when the whole archive is the better download, or anything about the delta is wrong. */
  private async byDelta(
    entry: PackageEntry, base: { sha256: string; bytes: ArrayBuffer },
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      const delta = await this.server.delta(base.sha256, entry.sha256, entry.size)
      const result = delta && await this.deltas.applyDelta(new Uint8Array(base.bytes), delta, entry.size)
      return result && await sha256(result.buffer) === entry.sha256 ? result : undefined
    } catch {
      return undefined
    }
  }
}

/** RFC 9842: such a browser offers what it fetched before as a dictionary by itself. */
function browserKnowsDictionaries(): boolean {
  const list = document.createElement('link').relList
  return typeof list.supports === 'function' && list.supports('compression-dictionary')
}
