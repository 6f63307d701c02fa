/** Stack lines of a program in its author's files, by the package's source maps. */
import { AnyMap, originalPositionFor, type SectionedSourceMapInput, type TraceMap } from '@jridgewell/trace-mapping'

export interface StackFrame {
  /** function, or "" */
  name: string
  /** path in the project, or the script's address without a map */
  file: string
  /** from 1 */
  line: number
  column: number
}

const PLACE = /eden:\/\/program\/([^\s:()]+)\/scripts\.js:(\d+):(\d+)/g

export class SourceMaps {
  private archive: Promise<ReadonlyMap<string, ArrayBuffer>> | undefined
  private readonly maps = new Map<string, TraceMap | undefined>()

  /** `load` gives the entries of maps.zip; called when a place is first asked for. */
  constructor(private readonly load: () => Promise<ReadonlyMap<string, ArrayBuffer>>) {}

  /** The program's own frames of a stack; those of the container are left out. */
  async frames(stack: string): Promise<StackFrame[]> {
    const frames: StackFrame[] = []
    for (const text of stack.split('\n')) {
      const place = [...text.matchAll(PLACE)][0]
      if (!place) continue
      await this.open()
      frames.push({ name: functionName(text), ...this.find(place) })
    }
    return frames
  }

  /** `text` with every place in the program's scripts replaced by FILE:LINE:COLUMN. */
  async text(text: string): Promise<string> {
    if (!text.includes('eden://program/')) return text
    await this.open()
    return text.replace(PLACE, (...match) => {
      const { file, line, column } = this.find(match as string[])
      return `${file}:${line}:${column}`
    })
  }

  private async open(): Promise<void> {
    this.archive ??= this.load().catch(() => new Map())
    const files = await this.archive
    for (const [path, data] of files) {
      const name = path.replace(/\/scripts\.js\.map$/, '')
      if (this.maps.has(name) || name === path) continue
      this.maps.set(name, undefined)
      this.sources.set(name, data)
    }
  }

  private readonly sources = new Map<string, ArrayBuffer>()

  /** A map is decoded when its package first needs it. */
  private map(name: string): TraceMap | undefined {
    const data = this.sources.get(name)
    if (data) {
      this.sources.delete(name)
      this.maps.set(name, AnyMap(JSON.parse(new TextDecoder().decode(data)) as SectionedSourceMapInput))
    }
    return this.maps.get(name)
  }

  private find(place: readonly (string | undefined)[]): Omit<StackFrame, 'name'> {
    const [, name = '', line = '1', column = '1'] = place
    const map = this.map(name)
    const found = map && originalPositionFor(map, { line: Number(line), column: Number(column) - 1 })
    if (!found || found.source === null) return { file: `${name}/scripts.js`, line: Number(line), column: Number(column) }
    return { file: found.source, line: found.line, column: found.column + 1 }
  }
}

/** Chromium: "at NAME (PLACE)" or "at PLACE"; Firefox and Safari: "NAME@PLACE". */
function functionName(line: string): string {
  const name = /^\s*at (?:async )?(?:new )?(.*?) \(/.exec(line)?.[1] ?? /^(.*?)@eden:/.exec(line)?.[1] ?? ''
  return name.replace(/^.*\/</, '')
}
