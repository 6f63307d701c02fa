/** Values of programs as bounded texts and properties: what they give may have any shape and size. */
import type { Wire, WireObject } from '../../bridge/messages'
import type { Props } from './records'

export const MAX_MESSAGE = 4000
export const MAX_STACK = 16_000
/** of one property */
const MAX_VALUE = 1000
const MAX_PROPS = 50
const MAX_NAME = 100

export const cut = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length)}…` : text)

/** A value of a frame's record, if it is a text or a number. */
export const textOf = (value: Wire, length = MAX_NAME): string => (typeof value === 'string' ? cut(value, length) : '')
export const numberOf = (value: Wire): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0)

/** Whole and tenths of milliseconds are what a clock is good for. */
export const ms = (value: number): number => Math.max(0, Math.round(value * 10) / 10)

/** A line of a console, as its arguments. */
export const lineOf = (args: Wire[], length: number): string =>
  cut(args.map((arg) => (typeof arg === 'string' ? arg : json(arg))).join(' '), length)

/** What a program says of an event: flat, named, of bounded size. Anything but an object is its `value`. */
export function propsOf(data: Wire): Props {
  if (data === undefined || data === null || data === '') return {}
  if (typeof data !== 'object' || Array.isArray(data) || data instanceof ArrayBuffer || data instanceof Blob) {
    return { value: plain(data) }
  }
  return Object.fromEntries(Object.entries(data as WireObject).slice(0, MAX_PROPS)
    .map(([name, value]) => [cut(name, MAX_NAME), plain(value)]))
}

function plain(value: Wire): string | number | boolean | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (typeof value === 'boolean' || value === null || value === undefined) return value ?? null
  return cut(typeof value === 'string' ? value : json(value), MAX_VALUE)
}

function json(value: Wire): string {
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return String(value)
  }
}

/** `TypeError: x is not a function` → its two parts. */
export function errorParts(message: string, otherwise: string): { type: string; message: string } {
  const found = /^([A-Za-z_$][\w$.]*): ([^]*)$/.exec(message)
  return found && /(Error|Exception|Failure)$/.test(found[1]!)
    ? { type: found[1]!, message: found[2]! }
    : { type: otherwise, message }
}
