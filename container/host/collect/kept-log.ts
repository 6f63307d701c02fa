/**
 * The log that stays on the phone: what programs write by wx.getLogManager, what their consoles say, and the steps that
 * led there. A ring for each program; nothing of it is sent unless the console asks for this phone's log.
 */
import type { ValueStore } from '../capabilities/types'
import type { Turns } from '../updates/turns'
import type { Level } from './records'
import type { Pull } from './switches'

/** WeChat's bound for a program, in characters */
export const MAX_LOG = 5 * 1024 * 1024
/** lines of a stored part, and of a batch of parts; and their characters */
const MOST = 200
const MOST_SIZE = 200_000
const PREFIX = 'log '
const PLAN = 'pull '

export interface LogLine {
  /** ms */
  at: number
  level: Level
  text: string
}

/** Its key ends with its size, so that how much there is can be told without reading it. */
interface Part {
  from: number
  until: number
  lines: LogLine[]
}

/** How the log is sent to who wants it: keys of parts, by batch. */
interface Plan {
  /** the wish */
  id: string
  batches: string[][]
}

export class KeptLog {
  /** lines that are not stored yet, by program */
  private readonly fresh = new Map<string, LogLine[]>()
  private writing = Promise.resolve()
  private number = 0

  /** `owner`: the page, as others of this phone write as well; with `turns` they take turns. */
  constructor(
    private readonly values: Promise<ValueStore>, private readonly owner: string, private readonly turns: Turns,
    private readonly limit = MAX_LOG,
  ) {}

  add(program: string, line: LogLine): void {
    let lines = this.fresh.get(program)
    if (!lines) this.fresh.set(program, lines = [])
    lines.push(line)
    if (lines.length >= MOST) void this.save()
  }

  save(): Promise<void> {
    if (this.fresh.size) this.writing = this.writing.then(() => this.write()).catch(() => undefined)
    return this.writing
  }

  private async write(): Promise<void> {
    const parts = new Map<string, Part>()
    const written: [program: string, key: string][] = []
    for (const [program, fresh] of this.fresh) {
      for (const lines of gathered(fresh, () => 1, sizeOf)) {
        const times = lines.map(({ at }) => at)
        const [from, until] = [Math.min(...times), Math.max(...times)]
        const size = lines.reduce((sum, line) => sum + sizeOf(line), 0)
        const key = `${PREFIX}${program} ${digits(from, 14)} ${this.owner} ${digits(++this.number, 6)} ${size}`
        parts.set(key, { from, until, lines })
        written.push([program, key])
      }
    }
    // what is written meanwhile is of the next parts
    this.fresh.clear()
    // first of all: the page may be about to be closed
    await (await this.values).write(parts)
    for (const [program, key] of written) await this.bound(program, key)
  }

  /** The oldest parts go when there is too much, with what other pages of this phone have written. */
  private async bound(program: string, written: string): Promise<void> {
    const values = await this.values
    const keys = await values.keys(`${PREFIX}${program} `)
    const dropped = new Map<string, undefined>()
    let total = keys.reduce((sum, key) => sum + sizeOfPart(key), 0)
    for (const old of keys.sort()) {
      if (total <= this.limit) break
      // not what was written now, which counts as older when the clock was set back
      if (old === written) continue
      dropped.set(old, undefined)
      total -= sizeOfPart(old)
    }
    if (dropped.size) await values.write(dropped)
  }

  /**
   * Where the lines are that somebody wants, those of other pages of this phone among them: keys of parts, by batch. Who asks
   * again for the same wish, on any page, hears the same as who was first, whatever was written or forgotten since: what is
   * sent again is the same batch.
   */
  async plan(program: string, { id, from, until }: Pull): Promise<string[][]> {
    await this.save()
    let batches: string[][] = []
    await this.turns.take(async () => {
      const values = await this.values
      const known = await values.get<Plan>(PLAN + program)
      if (known?.id === id) {
        batches = known.batches
        return
      }
      const parts = (await values.entries<Part>(`${PREFIX}${program} `))
        .filter(([, part]) => part.until >= from && part.from <= until)
      batches = gathered(parts, ([, { lines }]) => lines.length, ([key]) => sizeOfPart(key)).map((some) => some.map(([key]) => key))
      await values.write(new Map([[PLAN + program, { id, batches }]])).catch(() => undefined)
    })
    return batches
  }

  /** What is left of these parts, as far as it is of the time: oldest first. */
  async lines(parts: readonly string[], { from, until }: Pull): Promise<LogLine[]> {
    const values = await this.values
    const found = await Promise.all(parts.map((key) => values.get<Part>(key)))
    return found.flatMap((part) => part?.lines ?? []).filter(({ at }) => at >= from && at <= until).sort((a, b) => a.at - b.at)
  }

  /** Programs that have one. */
  async programs(): Promise<string[]> {
    const parts = await (await this.values).keys(PREFIX)
    return [...new Set([...parts.map((key) => key.split(' ')[1]!), ...this.fresh.keys()])]
  }

  async clear(denied: (program: string) => boolean): Promise<void> {
    for (const program of await this.programs()) {
      if (!denied(program)) continue
      this.fresh.delete(program)
      await this.writing
      const values = await this.values
      const parts = await values.keys(`${PREFIX}${program} `)
      await values.write(new Map([...parts, PLAN + program].map((key) => [key, undefined])))
    }
  }
}

const digits = (value: number, count: number): string => String(value).padStart(count, '0')
const sizeOfPart = (key: string): number => Number(key.slice(key.lastIndexOf(' ') + 1))
const sizeOf = ({ text }: LogLine): number => text.length + 30

/** In their order, together while they are not too many. */
function gathered<T>(all: readonly T[], countOf: (one: T) => number, sizeOfOne: (one: T) => number): T[][] {
  const found: T[][] = []
  let [count, size] = [Infinity, 0]
  for (const one of all) {
    count += countOf(one)
    size += sizeOfOne(one)
    if (count > MOST || size > MOST_SIZE) {
      found.push([])
      ;[count, size] = [countOf(one), sizeOfOne(one)]
    }
    found.at(-1)!.push(one)
  }
  return found
}
