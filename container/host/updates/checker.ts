/**
 * One check: what the phone asks, and how it obeys. The server says which version this phone shall have; the phone
 * installs it only if signed metadata permits it for this phone. Neither a cache nor a broken server can give a
 * version to more phones than its release says, and whatever is refused, the version that is there keeps running.
 */
import { PackageError } from '../package/error'
import { MAX_MANIFEST_BYTES, parseManifest, type Manifest } from '../package/manifest'
import { sha256 } from '../package/sha256'
import type { TargetInfo } from '../trust'
import type { Archives } from './archives'
import { asPackageError, isFull, isTrustError } from './faults'
import type { SignedState } from './permitted'
import type { Reporter } from './reporter'
import type { DeviceServer } from './server'
import * as steps from './shelf'
import { isBad, type Kept, type Shelf } from './shelf'
import { parsePlace, placeId, type Place, type Shelves } from './shelves'
import type { SignedVersion } from './trusted'
import type { Vault } from './vault'
import type { Verifier } from './verifier'
import { webManifest } from './web-manifest'
import type { CheckProgram, DeviceContext, ProgramAnswer } from './wire'

/** seconds; a server that asks for more often is asked less often */
const SHORTEST_INTERVAL = 10
const LONGEST_INTERVAL = 24 * 3600
const DEFAULT_INTERVAL = 1800

export interface Parts {
  server: DeviceServer
  device: Promise<string>
  context(): DeviceContext
  trusted: Verifier
  shelves: Shelves
  vault: Vault
  archives: Archives
  reporter: Reporter
  /** a version is complete; it takes its place at the next start */
  ready(place: Place, manifest: Manifest): void
  /** an update was refused or broke off */
  failed(place: Place, error: PackageError): void
}

export class Checker {
  /** seconds until the next check, as the server wants it */
  interval = DEFAULT_INTERVAL
  /** the place that is being written to: the last to lose its old version when there is no room */
  writing = ''

  constructor(private readonly parts: Parts) {}

  /**
   * Ask about every program on this phone, and about `first`, which is to be installed: its failure rejects, with
   * PackageError. All others are told (`failed`) and tried again by the next check.
   */
  async check(first?: Place): Promise<void> {
    const places = new Map((await this.parts.shelves.all()).map(([id]) => [id, parsePlace(id)]))
    if (first) places.set(placeId(first), first)
    // The server knows keys only: a tester's copy beside the released one is asked about in a round of its own.
    const rounds: Place[][] = []
    for (const place of places.values()) {
      const round = rounds.find((one) => one.every(({ key }) => key !== place.key))
      if (round) round.push(place)
      else rounds.push([place])
    }
    for (const round of rounds) await this.ask(round, first && placeId(first))
  }

  private async ask(places: Place[], first: string | undefined): Promise<void> {
    const programs = await this.answers(places).catch((error: unknown) => {
      if (places.some((place) => placeId(place) === first)) throw asPackageError(error, places[0]!.key)
      // not reachable is no news; a refusal is
      if (isTrustError(error) || isFull(error)) {
        for (const place of places) this.parts.failed(place, asPackageError(error, place.key))
      }
      return undefined
    })
    if (!programs) return
    for (const place of places) {
      const program = programs.find(({ key }) => key === place.key)
      try {
        if (program) await this.obey(place, program)
        // nothing to do: what waits for its start was taken back meanwhile
        else await this.parts.shelves.change(placeId(place), steps.unstage)
      } catch (error) {
        if (!program) throw error
        const { key, code, release } = program
        const failure = asPackageError(error, key)
        if (code !== undefined) {
          const version = { program: key, code, ...(release !== undefined && { release }) }
          this.parts.reporter.tell({ ...version, kind: 'refused', reason: failure.message })
        }
        if (placeId(place) === first) throw failure
        this.parts.failed(place, failure)
      }
    }
  }

  private async answers(places: Place[]): Promise<ProgramAnswer[]> {
    const { server, device, trusted, shelves } = this.parts
    const timestamp = await trusted.timestamp()
    const answer = await server.check({
      device: await device,
      context: this.parts.context(),
      programs: await Promise.all(places.map(async (place) => programOf(place, await shelves.get(placeId(place))))),
      timestamp,
    })
    this.interval = Math.min(LONGEST_INTERVAL, Math.max(SHORTEST_INTERVAL, answer.interval))
    if (answer.programs.length || answer.timestamp > timestamp) await trusted.refresh()
    return answer.programs
  }

  /** Do what the server says of one program, as far as signed metadata permits it. */
  private async obey(place: Place, answer: ProgramAnswer): Promise<void> {
    const { shelves, trusted } = this.parts
    const id = placeId(place)
    const shelf = await shelves.get(id)
    const { current } = shelf
    const { action, code } = answer
    if (action === 'keep') return void await shelves.change(id, steps.unstage)
    const signed = current && await trusted.version(place.key, current.code)
    const leaving = current !== undefined && (signed === undefined || signed.state.state === 'revoked')
    if (action === 'remove') {
      if (!leaving) throw untrusted(place, 'the server wants a version removed that is not withdrawn')
      return void await shelves.change(id, steps.remove)
    }
    if (code !== undefined && code === current?.code) return void await shelves.change(id, steps.unstage)
    if (code === undefined || code === shelf.next?.code) return
    if (isBad(shelf, code)) throw untrusted(place, `version ${code} did not start on this phone before`)
    if (current && code < current.code && !leaving) {
      throw untrusted(place, `version ${code} is older than ${current.code}, which is not withdrawn`)
    }
    const wanted = await trusted.version(place.key, code)
    const allowed = wanted && await trusted.permitted(wanted.state, {
      device: await this.parts.device, context: this.parts.context(), trial: place.trial, proofs: answer.proofs,
      has: [current, shelf.previous].some((version) => version?.code === code),
    })
    if (!wanted || !allowed) throw untrusted(place, `version ${code} is not signed for this phone`)
    const manifest = await this.install(place, answer, wanted, shelf, leaving)
    if (current) this.parts.ready(place, manifest)
  }

  /** Make a version complete: its manifest and every archive that the current one has; it waits for the next start. */
  private async install(
    place: Place, answer: ProgramAnswer, { info, state }: SignedVersion, shelf: Shelf, leaving: boolean,
  ): Promise<Manifest> {
    const { shelves, archives, reporter, trusted, vault } = this.parts
    this.writing = placeId(place)
    const [manifest, hash] = await this.manifest(place.key, answer.code!, info, state)
    const { code, name } = manifest.version
    if (code !== answer.code) throw new PackageError('manifest', 'manifest.json', `is of version ${code}, not ${answer.code}`)
    const before = shelf.current && await archives.manifest(shelf.current)
    const owned = before?.packages.filter((entry) => shelf.current!.archives.includes(entry.sha256)) ?? []
    const names = new Set(['main', ...owned.map((entry) => entry.name)])
    const entries = manifest.packages.filter((entry) => names.has(entry.name))
    const version: Kept = {
      code, version: name, manifest: hash, archives: entries.map((entry) => entry.sha256),
      ...(answer.release !== undefined && { release: answer.release }),
      ...(await trusted.opens(place.trial, state) && { trial: true }),
    }
    const unpin = vault.pin(hash, ...version.archives)
    try {
      for (const entry of entries) await archives.get({ key: place.key, code }, entry, shelf)
      reporter.tell({ ...about(place, version), kind: 'downloaded' })
      await shelves.change(placeId(place), (now) => steps.stage(now, version))
    } finally {
      unpin()
    }
    reporter.tell({ ...about(place, version), kind: leaving ? 'rolled_back' : 'installed' })
    return manifest
  }

  /** A version's manifest, and the SHA-256 under which it is kept. */
  private async manifest(key: string, code: number, info: TargetInfo, state: SignedState): Promise<[Manifest, string]> {
    const { vault, server, trusted } = this.parts
    const signed = info.hashes.sha256
    const made = state.h5 ? webManifest(key, info, state) : undefined
    if (signed === undefined || (!made && info.length > MAX_MANIFEST_BYTES)) {
      throw new PackageError('trust', 'manifest.json', 'is signed without a SHA-256, or too large')
    }
    const hash = made ? await sha256(made) : signed
    const kept = await vault.get(hash)
    if (kept) return [parseManifest(kept), hash]
    const target = { key, code, file: 'manifest.json', sha256: hash, size: info.length }
    const bytes = made ?? (await server.target(target, (found) => trusted.verify(found, info))).buffer
    const manifest = parseManifest(bytes)
    await vault.put(hash, bytes)
    return [manifest, hash]
  }
}

function programOf({ key, trial }: Place, shelf: Shelf): CheckProgram {
  const bad = Object.keys(shelf.bad).map(Number)
  return {
    key,
    ...(shelf.current && { have: shelf.current.code }),
    ...(bad.length && { bad }),
    ...(trial !== undefined && { trial }),
  }
}

/** The fields that every report about a version has. */
export const about = ({ key }: Place, { code, release }: Kept): { program: string; code: number; release?: string } => ({
  program: key, code, ...(release !== undefined && { release }),
})

const untrusted = ({ key }: Place, detail: string): PackageError => new PackageError('trust', key, detail)
