/**
 * Gets a program's manifest and files, from the network or from what an earlier start kept. Archives are kept
 * under their SHA-256, so versions share unchanged parts and a kept archive can never be of the wrong version.
 */
import type { PackageFiles } from '../../bridge/messages'
import type { ByteStore } from '../store/bytes'
import { PackageError } from './error'
import { MAX_MANIFEST_BYTES, parseManifest, type Manifest, type PackageEntry } from './manifest'
import { verifiedFiles, verifyArchive } from './verify'

/** `kept`: start what is there and look for an update later; `fresh`: ask the network first (development). */
export type Freshness = 'kept' | 'fresh'
export type Progress = (loaded: number, total: number) => void

export interface Installed {
  manifest: Manifest
  /** from an earlier start; an update may exist */
  kept: boolean
}

export class Installer {
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

  /** Called when everything that a start needs is there: this version is the one to start offline. */
  async keep(url: string, manifest: Manifest): Promise<void> {
    const bytes = new TextEncoder().encode(JSON.stringify(manifest.json)).buffer
    await (await this.store).put(`manifest:${url}`, bytes).catch(() => undefined)
  }

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
    return readLimited(response, file, limit, progress)
  }
}

const archiveKey = (entry: PackageEntry): string => `sha256:${entry.sha256}`
const address = (url: string, file: string): string => {
  const base = new URL(url, document.baseURI)
  if (!base.pathname.endsWith('/')) base.pathname += '/'
  return new URL(file, base).href
}

/** Read a body, but never more than `limit` bytes of it. */
async function readLimited(response: Response, file: string, limit: number, progress: Progress): Promise<ArrayBuffer> {
  const reader = response.body?.getReader()
  if (!reader) return response.arrayBuffer()
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      size += value.byteLength
      if (size > limit) throw new PackageError('hash', file, `has more than ${limit} bytes`)
      chunks.push(value)
      progress(size, limit)
    }
  } catch (error) {
    void reader.cancel().catch(() => undefined)
    throw error instanceof PackageError ? error : new PackageError('download', file, 'the download broke off')
  }
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.byteLength
  }
  return bytes.buffer
}
