/** Archives of a program: kept on this phone, made from an older one by a delta, or downloaded whole. */
import { applyDelta } from '../delta'
import type { Manifest, PackageEntry } from '../package/manifest'
import { parseManifest } from '../package/manifest'
import { sha256 } from '../package/sha256'
import type { Progress } from '../package/source'
import { verifyArchive } from '../package/verify'
import type { DeviceServer } from './server'
import type { Kept, Shelf } from './shelf'
import type { Vault } from './vault'

export class Archives {
  /** `decoder`: where the files of the delta decoder are. */
  constructor(private readonly vault: Vault, private readonly server: DeviceServer, private readonly decoder: string) {}

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
    const bytes = await this.byDelta(entry, shelf) ?? (await this.server.target(
      { ...version, ...entry }, (whole) => verifyArchive(whole.buffer, entry), progress,
    )).buffer
    await this.vault.put(entry.sha256, bytes)
    return bytes
  }

  /** Undefined when there is no base, when the browser does this by itself, or when anything about it is wrong. */
  private async byDelta(entry: PackageEntry, shelf: Shelf): Promise<ArrayBuffer | undefined> {
    if (browserKnowsDictionaries()) return undefined
    for (const version of [shelf.current, shelf.previous]) {
      const manifest = version && await this.manifest(version)
      const base = manifest?.packages.find(({ name }) => name === entry.name)
      const bytes = base && await this.vault.get(base.sha256)
      if (!bytes) continue
      try {
        const delta = await this.server.delta(base.sha256, entry.sha256, entry.size)
        if (!delta) return undefined
        const { buffer } = await applyDelta(new Uint8Array(bytes), delta, entry.size, this.decoder)
        return await sha256(buffer) === entry.sha256 ? buffer : undefined
      } catch {
        // the whole archive is the way out of every fault of a delta
        return undefined
      }
    }
    return undefined
  }
}

/** RFC 9842: such a browser offers what it fetched before as a dictionary by itself. */
function browserKnowsDictionaries(): boolean {
  const list = document.createElement('link').relList
  return typeof list.supports === 'function' && list.supports('compression-dictionary')
}
