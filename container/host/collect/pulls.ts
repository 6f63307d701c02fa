/** Sends the log of this phone that somebody asked for: its lines in batches, and with the last that it was the last. */
import { sha256 } from '../package/sha256'
import type { KeptLog, LogLine } from './kept-log'
import type { Masks } from './masks'
import type { Piece } from './outbox'
import type { Head } from './records'
import type { Pull } from './switches'

/** lines of a batch, and characters */
const BATCH = 200
const BATCH_SIZE = 200_000

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
      const lines = await this.options.log.read(program, pull.from, pull.until)
      const batches = split(lines)
      for (const [index, batch] of batches.entries()) {
        const last = index === batches.length - 1
        const piece = await this.piece(program, pull, batch, last)
        if (!await this.options.deliver(piece, last ? { pull_done: pull.id } : {})) return
      }
      this.done.add(name)
    } finally {
      this.busy.delete(name)
    }
  }

  /** Its id follows from what is in it: sent again, it counts once. */
  private async piece(program: string, { id: pull }: Pull, lines: LogLine[], last: boolean): Promise<Piece> {
    const { head, owner, masks } = this.options
    const said = head(program)
    const mask = masks(program)
    const records = lines.map(({ at, level, text }, index) => JSON.stringify({
      type: 'log', at, level, message: mask.text(text), pull, ...(last && index === lines.length - 1 && { pull_done: true }),
    }))
    const content = JSON.stringify([pull, said.device, last, records])
    const hash = await sha256(new TextEncoder().encode(content).buffer as ArrayBuffer)
    return {
      id: asUuid(hash), owner, program, head: said, lines: records, bytes: content.length, begun: lines[0]?.at ?? 0, sealed: true,
    }
  }
}

/** At least one, which may be empty. */
function split(lines: LogLine[]): LogLine[][] {
  const batches: LogLine[][] = [[]]
  let size = 0
  for (const line of lines) {
    size += line.text.length
    if (batches.at(-1)!.length >= BATCH || size > BATCH_SIZE) {
      batches.push([])
      size = line.text.length
    }
    batches.at(-1)!.push(line)
  }
  return batches
}

/** 32 hex digits as a UUID. */
export const asUuid = (hex: string): string => hex.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
