/**
 * Programs that a server releases: a source of packages that looks for versions by itself, downloads them in the
 * background, keeps two and goes back from a bad one by itself. docs/device.md tells the whole way.
 */
import type { PackageFiles, SystemInfo } from '../../bridge/messages'
import { PackageError } from '../package/error'
import type { Manifest, PackageEntry } from '../package/manifest'
import type { Freshness, Installed, PackageSource, Progress } from '../package/source'
import { verifiedFiles } from '../package/verify'
import type { ByteStore } from '../store/bytes'
import type { ValueStores } from '../store/values'
import { Archives } from './archives'
import { about, Checker } from './checker'
import { Departures } from './departures'
import { deviceContext, deviceId } from './device'
import { asPackageError } from './faults'
import { KeptMetadata } from './kept-metadata'
import { Reporter } from './reporter'
import { Schedule } from './schedule'
import { DeviceServer } from './server'
import * as steps from './shelf'
import type { Kept, Shelf } from './shelf'
import { parsePlace, placeId, Shelves, type Place } from './shelves'
import { Turns } from './turns'
import { Vault } from './vault'
import { Verifier } from './verifier'
import type { DeviceContext, ReportKind } from './wire'

export interface PlatformOptions {
  /** the workspace's device address, `https://HOST/device/v1/WORKSPACE/` */
  url: string
  /** the root of trust that came with the app; without it the first one that the server gives is believed for good */
  root?: Uint8Array<ArrayBuffer>
  /** what the embedding page knows: the person, the city, the app's version, channel, tags */
  context?: () => DeviceContext
}

/** What a platform needs from the phone around it. */
export interface Surroundings {
  fetch: typeof globalThis.fetch
  bytes: Promise<ByteStore>
  stores: Promise<ValueStores>
  system(): SystemInfo
  network(): string
  /** address of a file of the container bundle */
  file(name: string): string
  /** a version is complete; it runs from the next start of the program at `url` */
  ready(url: string, manifest: Manifest): void
  /** an update of the program at `url` was refused or broke off */
  failed(url: string, error: PackageError): void
}

export class Platform implements PackageSource {
  readonly url: string
  readonly device: Promise<string>
  private readonly shelves: Shelves
  private readonly vault: Vault
  private readonly verifier: Verifier
  private readonly archives: Archives
  private readonly departures: Departures
  private readonly reporter: Reporter
  private readonly checker: Checker
  private readonly schedule: Schedule
  private readonly turns: Turns
  /** what was given out last at each address: what runs there */
  private readonly started = new Map<string, Kept>()

  constructor(options: PlatformOptions, around: Surroundings) {
    this.url = new URL(options.url.replace(/\/*$/, '/'), document.baseURI).href
    const values = around.stores.then((stores) => stores.area(`platform ${this.url}`))
    const server = new DeviceServer(this.url, around.fetch)
    this.turns = new Turns(`eden ${this.url}`)
    this.device = values.then(deviceId)
    this.shelves = new Shelves(values)
    const makeRoom = (): Promise<boolean> => this.makeRoom()
    this.vault = new Vault(around.bytes, `${this.url} `, makeRoom)
    this.verifier = new Verifier({
      url: this.url, fetch: around.fetch, root: options.root, file: around.file,
      store: new KeptMetadata(around.bytes, `trust ${this.url} `, makeRoom),
    })
    this.archives = new Archives(this.vault, server, this.verifier)
    this.departures = new Departures(`eden left ${this.url}`)
    this.reporter = new Reporter(server, this.device, values)
    this.checker = new Checker({
      server, device: this.device, shelves: this.shelves, vault: this.vault, archives: this.archives,
      reporter: this.reporter, trusted: this.verifier,
      context: () => deviceContext(around.system(), around.network(), options.context?.() ?? {}),
      ready: (place, manifest) => around.ready(this.address(place.key, place.trial), manifest),
      failed: (place, error) => around.failed(this.address(place.key, place.trial), error),
    })
    this.schedule = new Schedule({
      events: async () => server.address(`events?device=${await this.device}`),
      check: () => this.check(),
      interval: () => this.checker.interval,
      leaving: () => void this.reporter.flush(true),
    })
    this.schedule.start()
  }

  stop(): void {
    this.schedule.stop()
    this.departures.stop()
    this.reporter.stop()
  }

  /** Look for versions of every program on this phone now. Never rejects: see `failed`. */
  check(): Promise<void> { return this.turns.take(() => this.checker.check()) }

  // ---- addresses -------------------------------------------------------------------------------------------------

  /** The address of a program, for EdenHost.open; with a tester's token, of the version that it opens. */
  address(key: string, trial?: string): string {
    const query = trial === undefined ? '' : `?trial=${encodeURIComponent(trial)}`
    return `${this.url}apps/${encodeURIComponent(key)}/${query}`
  }

  /** Testers' copies on this phone. */
  async trials(): Promise<{ key: string; trial: string }[]> {
    const places = (await this.shelves.all()).filter(([, shelf]) => shelf.current ?? shelf.next).map(([id]) => parsePlace(id))
    return places.flatMap(({ key, trial }) => (trial === undefined ? [] : [{ key, trial }]))
  }

  /** The program at an address of ours. */
  keyOf(url: string): string { return placeOf(url).key }

  owns(url: string): boolean { return url.startsWith(`${this.url}apps/`) }

  area(_url: string): string { return this.url }

  // ---- starting --------------------------------------------------------------------------------------------------

  async manifest(url: string, _freshness: Freshness): Promise<Installed> {
    const place = placeOf(url)
    const id = placeId(place)
    for (const left of this.departures.take()) await this.shelves.change(left, steps.withdraw)
    await this.shelves.change(id, steps.swap)
    let found = await this.startable(place)
    const kept = found !== undefined
    if (!found) {
      this.verifier.prepare()
      await this.turns.take(() => this.checker.check(place))
      await this.shelves.change(id, steps.swap)
      found = await this.startable(place)
    }
    if (!found) throw new PackageError('absent', place.key, 'the server has no version for this phone')
    void this.turns.take(async () => this.vault.retain(await this.shelves.used())).catch(() => undefined)
    this.started.set(url, found.version)
    const { trial, release } = found.version
    return { manifest: found.manifest, kept, track: trial ? 'trial' : 'release', release }
  }

  /** The current version, if it is there and not bad; one that is not gives way to the one before. */
  private async startable(place: Place): Promise<{ manifest: Manifest; version: Kept } | undefined> {
    const id = placeId(place)
    for (;;) {
      const shelf = await this.shelves.get(id)
      const version = shelf.current
      if (!version) return undefined
      if (steps.exhausted(shelf)) {
        // the last start may have taken the whole browser down, so that nobody could tell
        const reason = 'did not reach its first page twice'
        this.reporter.tell({ ...about(place, version), kind: 'failed', reason })
        await this.condemn(place, version, reason)
        continue
      }
      const manifest = await this.archives.manifest(version)
      if (manifest && await this.vault.has(manifest.packages[0]!.sha256)) return { manifest, version }
      // the browser has cleared its storage
      await this.change(place, version, steps.lose)
    }
  }

  async keep(): Promise<void> { /* a shelf knows what is complete */ }

  async files(url: string, entry: PackageEntry, progress?: Progress): Promise<PackageFiles> {
    return verifiedFiles(await this.archive(url, entry, progress), entry)
  }

  /** A package as a whole; its bytes are verified. */
  async archive(url: string, entry: PackageEntry, progress?: Progress): Promise<ArrayBuffer> {
    const place = placeOf(url)
    const id = placeId(place)
    const unpin = this.vault.pin(entry.sha256)
    try {
      const shelf = await this.shelves.get(id)
      // a program that runs on may be of the version before
      const manifest = shelf.current && await this.archives.manifest(shelf.current)
      const version = { key: place.key, code: shelf.current?.code ?? 0 }
      const bytes = await this.archives.get(version, entry, shelf, progress)
      if (manifest?.packages.some((one) => one.sha256 === entry.sha256)) {
        await this.shelves.change(id, (now) => steps.own(now, entry.sha256))
      }
      return bytes
    } catch (error) {
      throw asPackageError(error, entry.file)
    } finally {
      unpin()
    }
  }

  /** Whatever was found is told by `ready`, to all programs that run. */
  async update(): Promise<undefined> {
    await this.check()
    return undefined
  }

  // ---- how a start went ------------------------------------------------------------------------------------------

  async starting(url: string, manifest: Manifest): Promise<void> {
    await this.move(url, manifest, steps.attempt)
    this.departures.begin(placeId(placeOf(url)))
  }

  booted(url: string): void { this.tell(url, 'started') }

  painted(url: string, manifest: Manifest): void {
    this.departures.end(placeId(placeOf(url)))
    void this.move(url, manifest, steps.succeed)
    this.tell(url, 'first_page')
  }

  async spoiled(url: string, manifest: Manifest, reason: string): Promise<boolean> {
    const { previous } = await this.shelves.get(placeId(placeOf(url)))
    // a version that shows something is better than none
    if (!previous) await this.move(url, manifest, steps.succeed)
    return this.crashed(url, manifest, { reason, painted: false })
  }

  left(url: string, manifest: Manifest): void {
    this.departures.end(placeId(placeOf(url)))
    void this.move(url, manifest, steps.withdraw)
  }

  erred(url: string, _manifest: Manifest, message: string): void { this.tell(url, 'error', message) }

  async crashed(url: string, manifest: Manifest, fault: { reason: string; painted: boolean }): Promise<boolean> {
    const place = placeOf(url)
    this.departures.end(placeId(place))
    this.tell(url, fault.painted ? 'crash' : 'failed', fault.reason)
    if (fault.painted) return false
    const shelf = await this.shelves.get(placeId(place))
    if (shelf.current?.code !== manifest.version.code || !steps.exhausted(shelf)) return false
    await this.condemn(place, shelf.current, fault.reason)
    return (await this.shelves.get(placeId(place))).current !== undefined
  }

  private move(url: string, { version }: Manifest, step: (shelf: Shelf) => Shelf): Promise<Shelf> {
    return this.change(placeOf(url), version, step)
  }

  /** While this version is the current one: another page of this phone may have another by now. */
  private change(place: Place, { code }: { code: number }, step: (shelf: Shelf) => Shelf): Promise<Shelf> {
    return this.shelves.change(placeId(place), (shelf) => (shelf.current?.code === code ? step(shelf) : shelf))
  }

  private async condemn(place: Place, version: Kept, reason: string): Promise<void> {
    await this.change(place, version, (shelf) => steps.condemn(shelf, reason))
    this.reporter.tell({ ...about(place, version), kind: 'bad', reason })
  }

  private tell(url: string, kind: ReportKind, reason?: string): void {
    const version = this.started.get(url)
    if (version) this.reporter.tell({ ...about(placeOf(url), version), kind, ...(reason !== undefined && { reason }) })
  }

  private async makeRoom(): Promise<boolean> {
    const freed = await this.shelves.giveUpOne(this.checker.writing)
    if (freed) await this.vault.retain(await this.shelves.used())
    return freed
  }
}

function placeOf(url: string): Place {
  const { pathname, searchParams } = new URL(url)
  const key = decodeURIComponent(pathname.split('/').filter(Boolean).at(-1) ?? '')
  return { key, trial: searchParams.get('trial') ?? undefined }
}
