/**
 * What waits to be sent: batches in the making and batches that are complete, kept over restarts, bounded in bytes.
 *
 * Every batch belongs to one page of the phone (a tab) from its first record to its answer, so two pages never send the
 * same one. A page that starts takes over what pages that are gone have left; who is gone is known by the locks that
 * living pages hold. A batch has its id from the beginning: sent twice, because an answer was lost, it counts once.
 */
import type { ValueStore } from '../capabilities/types'
import type { Head } from './records'

/** A batch, or the beginning of one. */
export interface Piece {
  /** a UUID: the batch's */
  id: string
  /** the page that has it */
  owner: string
  /** key of the program */
  program: string
  head: Head
  /** records as JSON */
  lines: string[]
  /** of all lines */
  bytes: number
  /** ms since 1970 */
  begun: number
  /** nothing is added any more */
  sealed: boolean
}

/** Bytes of a batch: what browsers let go out while a page is closed, all together, is 64 KiB. */
export const MAX_PIECE = 56_000
const PIECE = 'piece '
const DROPS = 'drops'

/** program → reason → records that were not sent */
type Drops = { [program: string]: { [reason: string]: number } }

export interface OutboxOptions {
  values: Promise<ValueStore>
  owner: string
  /** entries of a batch, ms until it is complete, bytes that may wait */
  bounds: (program?: string) => { batch: number; patience: number; bytes: number }
  now: () => number
  uuid: () => string
}

export class Outbox {
  /** oldest first */
  private pieces: Piece[] = []
  private readonly changed = new Set<Piece>()
  /** on the disk */
  private readonly kept = new Set<string>()
  /** not to be there any more */
  private readonly removed = new Set<string>()
  private drops: Drops = {}
  private dropsChanged = false
  private writing = Promise.resolve()

  constructor(private readonly options: OutboxOptions) {}

  get waiting(): number { return this.pieces.reduce((sum, { bytes }) => sum + bytes, 0) }

  /** Complete batches, oldest first. */
  get sealed(): readonly Piece[] { return this.pieces.filter(({ sealed }) => sealed) }

  /** When the next batch is complete by its age: ms since 1970. */
  get due(): number | undefined {
    const due = this.pieces.filter(({ sealed }) => !sealed).map((open) => this.ripeAt(open))
    return due.length ? Math.min(...due) : undefined
  }

  /** Also when the clock was set back: who knows how old it is. */
  private isRipe(piece: Piece, now: number): boolean { return now < piece.begun || this.ripeAt(piece) <= now }

  private ripeAt({ program, begun }: Piece): number { return begun + this.options.bounds(program).patience }

  /**
   * Put a record into the batch of its program; one with another head, another object, begins another. With the `last`
   * one the batch is complete.
   */
  add(program: string, head: Head, line: string, last = false): void {
    const { batch } = this.options.bounds(program)
    const now = this.options.now()
    const size = line.length
    let piece = this.pieces.find((one) => !one.sealed && one.program === program)
    // a page that was asleep for long may have been taken for gone
    if (piece && (this.isRipe(piece, now) || piece.bytes + size > MAX_PIECE || piece.head !== head)) {
      this.seal(piece)
      piece = undefined
    }
    if (!piece) {
      piece = {
        id: this.options.uuid(), owner: this.options.owner, program, head, lines: [], bytes: 0, begun: now, sealed: false,
      }
      this.pieces.push(piece)
    }
    piece.lines.push(line)
    piece.bytes += size
    this.changed.add(piece)
    if (last || piece.lines.length >= batch) this.seal(piece)
    this.bound()
  }

  /** Complete what is old enough, or everything. */
  close(all = false): void {
    const now = this.options.now()
    for (const piece of this.pieces) if (!piece.sealed && (all || this.isRipe(piece, now))) this.seal(piece)
  }

  private seal(piece: Piece): void {
    piece.sealed = true
    this.changed.add(piece)
  }

  /** It was answered, or is given up. */
  remove(piece: Piece): void {
    this.pieces = this.pieces.filter((one) => one !== piece)
    this.changed.delete(piece)
    // most batches are answered before they were ever written
    if (this.kept.delete(keyOf(piece))) this.removed.add(keyOf(piece))
  }

  /** The oldest go when too much waits. */
  private bound(): void {
    while (this.pieces.length > 1 && this.waiting > this.options.bounds().bytes) {
      const [oldest] = this.pieces as [Piece]
      this.remove(oldest)
      this.drop(oldest.program, 'size', oldest.lines.length)
    }
  }

  // ---- what was not sent ---------------------------------------------------------------------------------------

  drop(program: string, reason: string, count = 1): void {
    const reasons = this.drops[program] ??= {}
    reasons[reason] = (reasons[reason] ?? 0) + count
    this.dropsChanged = true
  }

  /** What to tell of a program's losses; from then on they count as told. */
  takeDrops(program: string): { [reason: string]: number } {
    const found = this.drops[program] ?? {}
    if (Object.keys(found).length === 0) return found
    delete this.drops[program]
    this.dropsChanged = true
    return found
  }

  // ---- over restarts -------------------------------------------------------------------------------------------

  /** Take over the batches of pages that are gone. Call while no other page does. */
  async adopt(alive: (owner: string, begun: number) => boolean): Promise<void> {
    const values = await this.options.values
    const mine = new Set(this.pieces.map(({ id }) => id))
    const changes = new Map<string, unknown>()
    const found: Piece[] = []
    for (const [key, piece] of await values.entries<Piece>(PIECE)) {
      if (mine.has(piece.id) || alive(piece.owner, piece.begun)) continue
      const adopted = { ...piece, owner: this.options.owner, sealed: true }
      changes.set(key, adopted)
      this.kept.add(key)
      found.push(adopted)
    }
    const kept = await values.get<Drops>(DROPS)
    for (const [program, reasons] of Object.entries(kept ?? {})) {
      for (const [reason, count] of Object.entries(reasons)) this.drop(program, reason, count)
    }
    if (kept) changes.set(DROPS, undefined)
    if (changes.size) await values.write(changes)
    this.pieces = [...found, ...this.pieces].sort((a, b) => a.begun - b.begun)
    this.bound()
  }

  /** Write what changed, or `gone`: only what is not to be there any more; one write at a time. */
  save(gone = false): Promise<void> {
    this.writing = this.writing.then(() => this.write(gone)).catch(() => undefined)
    return this.writing
  }

  private async write(gone: boolean): Promise<void> {
    const changes = new Map<string, unknown>()
    if (!gone) {
      for (const piece of this.changed) {
        changes.set(keyOf(piece), { ...piece, lines: [...piece.lines] })
        this.kept.add(keyOf(piece))
      }
      this.changed.clear()
    }
    for (const key of this.removed) changes.set(key, undefined)
    if (this.dropsChanged) changes.set(DROPS, Object.keys(this.drops).length ? structuredClone(this.drops) : undefined)
    this.removed.clear()
    this.dropsChanged = false
    if (changes.size) await (await this.options.values).write(changes)
  }

  /** The person wants nothing of these to be kept: also what other pages of this phone have. */
  async clear(denied: (program: string) => boolean): Promise<void> {
    for (const piece of this.pieces) if (denied(piece.program)) this.remove(piece)
    for (const program of Object.keys(this.drops)) if (denied(program)) this.takeDrops(program)
    await this.save()
    const values = await this.options.values
    const found = (await values.entries<Piece>(PIECE)).filter(([, { program }]) => denied(program))
    if (found.length) await values.write(new Map(found.map(([key]) => [key, undefined])))
  }
}

/** Sorts by age. */
const keyOf = ({ begun, id }: Piece): string => `${PIECE}${String(begun).padStart(14, '0')} ${id}`
