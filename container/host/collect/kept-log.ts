/**
 * The log that stays on the phone: what programs write by wx.getLogManager, what their consoles say, and the steps that
 * led there. A ring for each program; nothing of it is sent unless the console asks for this phone's log.
 */
import type { ValueStore } from '../capabilities/types'
import type { Level } from './records'

/** WeChat's bound for a program, in characters */
export const MAX_LOG = 5 * 1024 * 1024
/** lines of a stored part */
const PART = 200
const PREFIX = 'log '

export interface LogLine {
  /** ms */
  at: number
  level: Level
  text: string
}

interface Part {
  from: number
  until: number
  size: number
  lines: LogLine[]
}

export class KeptLog {
  /** lines that are not stored yet, by program */
  private readonly fresh = new Map<string, LogLine[]>()
  /** stored parts: key → size; read when a program first writes */
  private readonly sizes = new Map<string, Map<string, number>>()
  private writing = Promise.resolve()
  private number = 0

  /** `owner`: the page, as others of this phone write as well. */
  constructor(
    private readonly values: Promise<ValueStore>, private readonly owner: string, private readonly limit = MAX_LOG,
  ) {}

  add(program: string, line: LogLine): void {
    let lines = this.fresh.get(program)
    if (!lines) this.fresh.set(program, lines = [])
    lines.push(line)
    if (lines.length >= PART) void this.save()
  }

  save(): Promise<void> {
    if (this.fresh.size) this.writing = this.writing.then(() => this.write()).catch(() => undefined)
    return this.writing
  }

  private async write(): Promise<void> {
    const parts = new Map<string, Part>()
    const written = new Map<string, string>()
    for (const [program, lines] of this.fresh) {
      const size = lines.reduce((sum, { text }) => sum + text.length + 30, 0)
      const [from, until] = [lines[0]!.at, lines.at(-1)!.at]
      const key = `${PREFIX}${program} ${String(from).padStart(14, '0')} ${this.owner} ${++this.number}`
      parts.set(key, { from, until, size, lines })
      written.set(program, key)
    }
    // what is written meanwhile is of the next parts
    this.fresh.clear()
    // first of all: the page may be about to be closed
    await (await this.values).write(parts)
    for (const [program, key] of written) await this.bound(program, key, parts.get(key)!.size)
  }

  /** The oldest parts go when there is too much. */
  private async bound(program: string, written: string, size: number): Promise<void> {
    const values = await this.values
    const sizes = await this.sizesOf(values, program)
    sizes.set(written, size)
    const dropped = new Map<string, undefined>()
    let total = [...sizes.values()].reduce((sum, one) => sum + one, 0)
    for (const [old, one] of [...sizes].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (total <= this.limit) break
      // not what was written now, which counts as older when the clock was set back
      if (old === written) continue
      sizes.delete(old)
      dropped.set(old, undefined)
      total -= one
    }
    if (dropped.size) await values.write(dropped)
  }

  private async sizesOf(values: ValueStore, program: string): Promise<Map<string, number>> {
    let sizes = this.sizes.get(program)
    if (!sizes) {
      const parts = await values.entries<Part>(`${PREFIX}${program} `)
      this.sizes.set(program, sizes = new Map(parts.map(([key, { size }]) => [key, size])))
    }
    return sizes
  }

  /** Lines of a time, oldest first; with those of other pages of this phone. */
  async read(program: string, from: number, until: number): Promise<LogLine[]> {
    await this.save()
    const parts = await (await this.values).entries<Part>(`${PREFIX}${program} `)
    return parts.filter(([, part]) => part.until >= from && part.from <= until)
      .flatMap(([, { lines }]) => lines.filter(({ at }) => at >= from && at <= until))
      .sort((a, b) => a.at - b.at)
  }

  /** Programs that have one. */
  async programs(): Promise<string[]> {
    const parts = await (await this.values).entries(PREFIX)
    return [...new Set([...parts.map(([key]) => key.split(' ')[1]!), ...this.fresh.keys()])]
  }

  async clear(denied: (program: string) => boolean): Promise<void> {
    for (const program of await this.programs()) {
      if (!denied(program)) continue
      this.fresh.delete(program)
      this.sizes.delete(program)
      await this.writing
      const values = await this.values
      const parts = await values.entries(`${PREFIX}${program} `)
      await values.write(new Map(parts.map(([key]) => [key, undefined])))
    }
  }
}
