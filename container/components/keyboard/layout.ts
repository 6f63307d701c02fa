/**
 * Which key is where. Pure: randomness comes in. A key is a byte in an array, and nothing but its place is ever told to
 * anybody; labels are made when the canvas is painted.
 */
export type Kind = 'pin' | 'password'
export type Action = 'key' | 'delete' | 'shift' | 'page' | 'space' | 'none'

export interface Slot {
  action: Action
  /** in `Page.bytes`, of action `key` */
  index: number
  row: number
  /** from 1, among the slots of the row */
  column: number
  /** share of the width and of the height: left, top, width, height */
  box: readonly [number, number, number, number]
}

export interface Page {
  /** codes of the characters */
  bytes: Uint8Array
  slots: readonly Slot[]
}

/** Rows of characters; the last ones of the third row stand between two keys of function. */
const PAGES: { readonly [kind in Kind]: readonly (readonly string[])[] } = {
  pin: [['123', '456', '789', '0']],
  password: [
    ['qwertyuiop', 'asdfghjkl', 'zxcvbnm'],
    ['1234567890', '-/:;()$&@"', `.,?!'_`],
    ['[]{}#%^*+=', '\\|~<>`', ''],
  ],
}
const ROWS = 4
const WIDE = 1.5

export const pageCount = (kind: Kind): number => PAGES[kind].length

/** `random(n)`: a whole number below n. With it the characters of a page change places; the places stay. */
export function layout(kind: Kind, number: number, random?: (below: number) => number): Page {
  const rows = PAGES[kind][number]!
  const bytes = Uint8Array.from(rows.join(''), (letter) => letter.charCodeAt(0))
  if (random) shuffle(bytes, random)
  return { bytes, slots: kind === 'pin' ? pinSlots() : passwordSlots(rows) }
}

/** Fisher and Yates. */
function shuffle(bytes: Uint8Array, random: (below: number) => number): void {
  for (let last = bytes.length - 1; last > 0; last--) {
    const other = random(last + 1)
    const kept = bytes[last]!
    bytes[last] = bytes[other]!
    bytes[other] = kept
  }
}

/** Uniform, by rejection. */
export function cryptoRandom(below: number): number {
  const limit = 256 - 256 % below
  const drawn = new Uint8Array(1)
  do crypto.getRandomValues(drawn)
  while (drawn[0]! >= limit)
  return drawn[0]! % below
}

function pinSlots(): Slot[] {
  return Array.from({ length: 12 }, (_, place): Slot => {
    const row = Math.floor(place / 3)
    const column = place % 3
    const action = place === 9 ? 'none' : place === 11 ? 'delete' : 'key'
    return { action, index: place === 10 ? 9 : place, row: row + 1, column: column + 1, box: [column / 3, row / 4, 1 / 3, 1 / 4] }
  })
}

function passwordSlots(rows: readonly string[]): Slot[] {
  const slots: Slot[] = []
  let index = 0
  rows.forEach((row, number) => {
    const last = number === rows.length - 1
    const parts: [Action, number][] = Array.from(row, () => ['key', 1])
    if (last) parts.unshift(['shift', WIDE])
    if (last) parts.push(['delete', WIDE])
    index = place(slots, parts, number, index)
  })
  place(slots, [['page', 2], ['space', 6]], ROWS - 1, index)
  return slots
}

/** A row in the middle, ten units wide; wider ones are squeezed. */
function place(slots: Slot[], parts: [Action, number][], row: number, from: number): number {
  const sum = parts.reduce((total, [, width]) => total + width, 0)
  const unit = 1 / Math.max(10, sum)
  let left = (1 - sum * unit) / 2
  let index = from
  parts.forEach(([action, width], column) => {
    const box = [left, row / ROWS, width * unit, 1 / ROWS] as const
    slots.push({ action, index: action === 'key' ? index++ : -1, row: row + 1, column: column + 1, box })
    left += width * unit
  })
  return index
}

/** The slot at a place, both as shares of the canvas. */
export const slotAt = (page: Page, x: number, y: number): Slot | undefined =>
  page.slots.find(({ box: [left, top, width, height] }) => x >= left && x < left + width && y >= top && y < top + height)

/** A letter with shift. */
export const upper = (byte: number): number => (byte >= 0x61 && byte <= 0x7a ? byte - 0x20 : byte)

/** May this byte be typed? */
export const fits = (kind: Kind, byte: number): boolean =>
  kind === 'pin' ? byte >= 0x30 && byte <= 0x39 : byte >= 0x20 && byte <= 0x7e
