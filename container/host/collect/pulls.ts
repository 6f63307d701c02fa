/** Sends the log of this phone that somebody asked for: its lines in batches, and with the last that it was the last. */
import { sha256 } from '../package/sha256'
import type { KeptLog } from './kept-log'
import type { Masks } from './masks'
import type { Piece } from './outbox'
import type { Head } from './records'
import type { Pull } from './switches'

export interface PullOptions {
  log: KeptLog
  owner: string
  head(program: string): Head
  masks(program: string): Masks
  /** True: it is on the server's disk. */
  deliver(piece: Piece, extra: object): Promise<boolean>
}

export class Pulls {
  private readonly busy = new Set<string>()
  private readonly done = new Set<string>()

  constructor(private readonly options: PullOptions) {}

  /** Once for each wish; one that breaks off is begun anew when the server names it again. */
  async send(program: string, pull: Pull): Promise<void> {
    const name = `${program} ${pull.id}`
    if (this.busy.has(name) || this.done.has(name)) return
    this.busy.add(name)
    try {
      const batches = await this.options.log.plan(program, pull)
      // without a line there is an answer all the same
      const last = Math.max(0, batches.length - 1)
      for (let index = 0; index <= last; index++) {
        const piece = await this.piece(program, pull, batches[index] ?? [], index === last)
        // its parts may have been forgotten since
        if (piece.lines.length === 0 && index < last) continue
        if (!await this.options.deliver(piece, index === last ? { pull_done: pull.id } : {})) return
      }
      this.done.add(name)
    } finally {
      this.busy.delete(name)
    }
  }

  /** Its id follows from the parts that it has: sent again, it counts once. */
  private async piece(program: string, pull: Pull, parts: string[], last: boolean): Promise<Piece> {
    const { head, log, owner, masks } = this.options
    const said = head(program)
    const mask = masks(program)
    const found = await log.lines(parts, pull)
    const lines = found.map(({ at, level, text }, index) => JSON.stringify({
      type: 'log', at, level, message: mask.text(text), pull: pull.id, ...(last && index === found.length - 1 && { pull_done: true }),
    }))
    const name = JSON.stringify([pull.id, said.device, ...parts])
    const hash = await sha256(new TextEncoder().encode(name).buffer as ArrayBuffer)
    const bytes = lines.reduce((sum, { length }) => sum + length, 0)
    return { id: asUuid(hash), owner, program, head: said, lines, bytes, begun: found[0]?.at ?? 0, sealed: true }
  }
}

/** 32 hex digits as a UUID. */
export const asUuid = (hex: string): string => hex.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
