/** Where a phone gets a program from: an address (installer.ts) or a server's releases (updates/platform.ts). */
import type { PackageFiles } from '../../bridge/messages'
import type { Manifest, PackageEntry } from './manifest'

/** `kept`: start what is there and look for an update later; `fresh`: ask the network first (development). */
export type Freshness = 'kept' | 'fresh'
export type Progress = (loaded: number, total: number) => void

export interface Installed {
  manifest: Manifest
  /** from an earlier start; an update may exist */
  kept: boolean
  /** which track this version is of, when the source knows; programs see it as `envVersion` */
  track?: 'trial' | 'release'
  /** id of the release that brought it */
  release?: string | undefined
}

export interface PackageSource {
  /** The manifest of the version to start now. */
  manifest(url: string, freshness: Freshness): Promise<Installed>
  /** Verified files of one of its packages. */
  files(url: string, entry: PackageEntry, progress?: Progress): Promise<PackageFiles>
  /** Called when everything that a start needs is there: this version is the one to start offline. */
  keep(url: string, manifest: Manifest): Promise<void>
  /** A newer version, complete and ready for the next start; undefined when there is none. */
  update(url: string, current: Manifest, names: readonly string[]): Promise<Manifest | undefined>
  /** Programs of different areas never share values, whatever name they give themselves. */
  area(url: string): string
  /** It is about to be handed to its frame. One of `painted`, `spoiled`, `left` and `crashed` follows. */
  starting?(url: string, manifest: Manifest): Promise<void>
  /** The program was handed to its frame. */
  booted?(url: string, manifest: Manifest): void
  /** Its first page is there. */
  painted?(url: string, manifest: Manifest): void
  /** Its first page is there, but without code that it cannot do without. The answer is that of `crashed`. */
  spoiled?(url: string, manifest: Manifest, reason: string): Promise<boolean>
  /** The person left it before its first page, or it did not come to a start at all. */
  left?(url: string, manifest: Manifest): void
  /** It was stopped. True: another version is there, and the program shall be started again with it. */
  crashed?(url: string, manifest: Manifest, fault: { reason: string; painted: boolean }): Promise<boolean>
  /** A script error. */
  erred?(url: string, manifest: Manifest, message: string): void
}
