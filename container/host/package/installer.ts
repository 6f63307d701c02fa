/**
 * Gets a program's manifest and files, from the network or from what an earlier start kept. Archives are kept
 * under their SHA-256, so versions share unchanged parts and a kept archive can never be of the wrong version.
 */
import type { PackageFiles } from '../../bridge/messages'
import { readBounded, TooLong } from '../read'
import type { ByteStore } from '../store/bytes'
import { PackageError } from './error'
import { MAX_MANIFEST_BYTES, parseManifest, type Manifest, type PackageEntry } from './manifest'
import type { Freshness, Installed, PackageSource, Progress } from './source'
import { verifiedFiles, verifyArchive } from './verify'

export class Installer implements PackageSource {
  constructor(private readonly store: Promise<ByteStore>, private readonly fetch: typeof globalThis.fetch) {}

  /** The manifest of the package at this address (a folder; with or without "/" at its end). */
  async manifest(url: string, freshness: Freshness): Promise<Installed> {
    const kept = freshness === 'kept' ? await this.keptManifest(url) : undefined
    if (kept) return { manifest: kept, kept: true }
    let bytes: ArrayBuffer
    try {
      bytes = await this.download(address(url, 'manifest.json'), 'manifest.json', MAX_MANIFEST_BYTES)
    } catch (error) {
      const fallback = await this.keptManifest(url)
      if (fallback) return { manifest: fallback, kept: true }
      throw error
    }
    return { manifest: parseManifest(bytes), kept: false }
  }

  async keep(url: string, manifest: Manifest): Promise<void> {
    const bytes = new TextEncoder().encode(JSON.stringify(manifest.json)).buffer
    await (await this.store).put(`manifest:${url}`, bytes).catch(() => undefined)
  }

  area(url: string): string { return new URL(url, document.baseURI).origin }

  private async keptManifest(url: string): Promise<Manifest | undefined> {
    try {
      const store = await this.store
      const bytes = await store.get(`manifest:${url}`)
      if (!bytes) return undefined
      const manifest = parseManifest(bytes)
      const archives = new Set(await store.keys())
      return archives.has(archiveKey(manifest.packages[0]!)) ? manifest : undefined
    } catch {
      return undefined
    }
  }

  /** Verified files of one package. */
  async files(url: string, entry: PackageEntry, progress: Progress = () => {}): Promise<PackageFiles> {
    return verifiedFiles(await this.archive(url, entry, progress), entry)
  }

  /** Download and keep an archive that is not there yet. */
  async archive(url: string, entry: PackageEntry, progress: Progress = () => {}): Promise<ArrayBuffer> {
    const store = await this.store
    const kept = await store.get(archiveKey(entry)).catch(() => undefined)
    if (kept) {
      // Disks fail: what was kept is verified like what was fetched, and fetched again when it is damaged.
      if (await verifyArchive(kept, entry).then(() => true, () => false)) {
        progress(entry.size, entry.size)
        return kept
      }
      await store.delete(archiveKey(entry)).catch(() => undefined)
    }
    const bytes = await this.download(address(url, entry.file), entry.file, entry.size, progress)
    await verifyArchive(bytes, entry)
    await store.put(archiveKey(entry), bytes).catch(() => undefined)
    return bytes
  }

  /** An update: a manifest other than `current`, all its archives in `names` kept. Undefined when there is none. */
  async update(url: string, current: Manifest, names: readonly string[]): Promise<Manifest | undefined> {
    const bytes = await this.download(address(url, 'manifest.json'), 'manifest.json', MAX_MANIFEST_BYTES)
    const manifest = parseManifest(bytes)
    if (JSON.stringify(manifest.json) === JSON.stringify(current.json)) return undefined
    for (const entry of manifest.packages) if (names.includes(entry.name)) await this.archive(url, entry)
    await this.keep(url, manifest)
    await this.prune(current, manifest)
    return manifest
  }

  /** Remove the archives of an old version that the new one does not share. */
  private async prune(old: Manifest, now: Manifest): Promise<void> {
    const store = await this.store
    const used = new Set(now.packages.map(archiveKey))
    for (const key of old.packages.map(archiveKey)) if (!used.has(key)) await store.delete(key).catch(() => undefined)
  }

  private async download(
    url: string,
    file: string,
    limit: number,
    progress: Progress = () => {},
  ): Promise<ArrayBuffer> {
    let response: Response
    try {
      response = await this.fetch(url, { cache: 'no-cache', credentials: 'same-origin' })
    } catch {
      throw new PackageError('download', file, 'could not be downloaded')
    }
    if (!response.ok) throw new PackageError('download', file, `the server answered ${response.status}`)
    try {
      return (await readBounded(response, limit, progress)).buffer
    } catch (error) {
      if (error instanceof TooLong) throw new PackageError('hash', file, `has ${error.message}`)
      throw new PackageError('download', file, 'the download broke off')
    }
  }
}

const archiveKey = (entry: PackageEntry): string => `sha256:${entry.sha256}`
const address = (url: string, file: string): string => {
  const base = new URL(url, document.baseURI)
  if (!base.pathname.endsWith('/')) base.pathname += '/'
  return new URL(file, base).href
}
