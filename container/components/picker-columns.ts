/** Which columns a picker shows and what they stand for. Pure. */

export interface Column {
  labels: string[]
  index: number
}

/** A picker's content: columns, and the value they stand for. */
export interface PickerModel<V = unknown> {
  columns(): Column[]
  move(column: number, index: number): void
  value(): V
}

const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0')

/** Numbers in a row of parts (hour, minute), each between what the parts before it and two bounds leave. */
class Parts {
  lists: number[][] = []

  constructor(
    readonly parts: number[],
    private readonly start: number[],
    private readonly end: number[],
    private readonly natural: (part: number, parts: number[]) => [number, number],
  ) {
    this.settle()
  }

  set(part: number, index: number): void {
    this.parts[part] = this.lists[part]?.[index] ?? this.parts[part]!
    this.settle()
  }

  /** Make the lists, and bring parts that left their list back to its nearer end. */
  private settle(): void {
    let atStart = true
    let atEnd = true
    this.lists = this.parts.map((_, part) => {
      let [low, high] = this.natural(part, this.parts)
      if (atStart) low = Math.max(low, this.start[part]!)
      if (atEnd) high = Math.max(low, Math.min(high, this.end[part]!))
      const value = Math.max(low, Math.min(high, this.parts[part]!))
      this.parts[part] = value
      atStart &&= value === this.start[part]
      atEnd &&= value === this.end[part]
      return Array.from({ length: high - low + 1 }, (_, i) => low + i)
    })
  }
}

/** "H:M" → [H, M], or undefined. */
export function parseTime(text: unknown): number[] | undefined {
  const match = /^\s*(\d{1,2}):(\d{1,2})/.exec(String(text))
  return match ? [Math.min(23, Number(match[1])), Math.min(59, Number(match[2]))] : undefined
}

/** "Y-M-D" or its beginning → [Y, M, D] with the rest from `rest`, or undefined. */
export function parseDate(text: unknown, rest: number[]): number[] | undefined {
  const match = /^\s*(\d{1,4})(?:[-/](\d{1,2}))?(?:[-/](\d{1,2}))?/.exec(String(text))
  return match ? [1, 2, 3].map((i) => (match[i] ? Number(match[i]) : rest[i - 1]!)) : undefined
}

/** Values "hh:mm"; the current time of day unless `value` is one. */
export function timeModel(value: unknown, start: unknown, end: unknown, now: Date): PickerModel<string> {
  const parts = new Parts(
    parseTime(value) ?? [now.getHours(), now.getMinutes()],
    parseTime(start) ?? [0, 0],
    parseTime(end) ?? [23, 59],
    (part) => (part === 0 ? [0, 23] : [0, 59]),
  )
  return {
    columns: () => parts.lists.map((list, part) => ({
      labels: list.map((number) => pad(number)), index: list.indexOf(parts.parts[part]!),
    })),
    move: (column, index) => parts.set(column, index),
    value: () => parts.parts.map((number) => pad(number)).join(':'),
  }
}

export const daysIn = (year: number, month: number): number => new Date(Date.UTC(year, month, 0)).getUTCDate()

/** Years offered when the program sets no bounds. */
const YEARS = [1900, 2100] as const

/** Values "YYYY-MM-DD", cut to `fields`; today unless `value` is a date. `units` follow the numbers. */
export function dateModel(
  options: { value: unknown; start: unknown; end: unknown; fields: string; units: readonly string[] }, now: Date,
): PickerModel<string> {
  const { value, start, end, fields, units } = options
  const shown = fields === 'year' ? 1 : fields === 'month' ? 2 : 3
  const today = [now.getFullYear(), now.getMonth() + 1, now.getDate()]
  const parts = new Parts(
    parseDate(value, [today[0]!, 1, 1]) ?? today,
    parseDate(start, [YEARS[0], 1, 1]) ?? [YEARS[0], 1, 1],
    parseDate(end, [YEARS[1], 12, 31]) ?? [YEARS[1], 12, 31],
    (part, [year, month]) => (part === 0 ? [1, 9999] : part === 1 ? [1, 12] : [1, daysIn(year!, month!)]),
  )
  return {
    columns: () => parts.lists.slice(0, shown).map((list, part) => ({
      labels: list.map((number) => `${part === 0 ? number : pad(number)}${units[part] ?? ''}`),
      index: list.indexOf(parts.parts[part]!),
    })),
    move: (column, index) => parts.set(column, index),
    value: () => parts.parts.slice(0, shown).map((number, part) => pad(number, part === 0 ? 4 : 2)).join('-'),
  }
}

/** Text of one entry of a range. */
const label = (entry: unknown, key: string): string =>
  String((key && entry && typeof entry === 'object' ? (entry as { [key: string]: unknown })[key] : entry) ?? '')

const inRange = (index: unknown, length: number): number =>
  Math.max(0, Math.min(Math.trunc(Number(index)) || 0, length - 1))

/** Values are indexes, one for each range. */
export function rangeModel(ranges: unknown[][], key: string, value: readonly unknown[]): PickerModel<number[]> {
  const columns = ranges.map((range, column) => ({
    labels: range.map((entry) => label(entry, key)), index: inRange(value[column], range.length),
  }))
  return {
    columns: () => columns,
    move: (column, index) => { columns[column]!.index = index },
    value: () => columns.map((column) => column.index),
  }
}

/** Names by six-digit code (GB/T 2260), and the codes below each code, '' for the whole country. */
export interface Regions {
  names: { [code: string]: string }
  below: { [code: string]: string[] }
}

export interface RegionValue {
  value: string[]
  code: string[]
}

/** `custom`: an entry at the top of every column that stands for all of them. */
export function regionModel(
  regions: Regions, value: readonly unknown[], levels: number, custom: string,
): PickerModel<RegionValue> {
  const codes: string[] = []
  const list = (column: number): string[] => {
    const parent = column === 0 ? '' : codes[column - 1]!
    return [...(custom ? ['custom'] : []), ...(parent === 'custom' ? [] : regions.below[parent] ?? [])]
  }
  const name = (code = ''): string => (code === 'custom' ? custom : regions.names[code] ?? '')
  for (let column = 0; column < levels; column++) {
    const choices = list(column)
    codes[column] = choices.find((code) => name(code) === value[column]) ?? choices[0] ?? ''
  }
  return {
    columns: () => codes.map((code, column) => {
      const choices = list(column)
      return { labels: choices.map(name), index: Math.max(0, choices.indexOf(code)) }
    }),
    move: (column, index) => {
      codes[column] = list(column)[index] ?? ''
      for (let next = column + 1; next < levels; next++) codes[next] = list(next)[0] ?? ''
    },
    value: () => {
      const chosen = codes.filter(Boolean)
      return { value: chosen.map(name), code: chosen.filter((code) => code !== 'custom') }
    },
  }
}
