/** Reading a call's arguments: a mini program's code is not trusted, so every value is checked before use. */
import type { Wire, WireObject } from '../../bridge/messages'
import { fail } from './types'

const typeName = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1)

const wrong = (name: string, type: string, value: unknown) =>
  fail(`parameter error: parameter.${name} should be ${type} instead of ${typeName(value)};`)

export function text(args: WireObject, name: string, fallback?: string): string {
  const value = args[name] ?? fallback
  if (typeof value !== 'string') throw wrong(name, 'String', value)
  return value
}

export function number(args: WireObject, name: string, fallback?: number): number {
  const value = args[name] ?? fallback
  if (typeof value !== 'number' || !Number.isFinite(value)) throw wrong(name, 'Number', value)
  return value
}

export function list(args: WireObject, name: string): Wire[] {
  const value = args[name] ?? []
  if (!Array.isArray(value)) throw wrong(name, 'Array', value)
  return value
}

export const texts = (args: WireObject, name: string): string[] =>
  list(args, name).filter((one): one is string => typeof one === 'string')

export function object(args: WireObject, name: string): WireObject {
  const value = args[name] ?? {}
  if (typeof value !== 'object' || Array.isArray(value) || value instanceof ArrayBuffer || value instanceof Blob) {
    throw wrong(name, 'Object', value)
  }
  return value
}

/** Own entries whose values are text; an empty list counts as an empty object. */
export const textEntries = (args: WireObject, name: string): [string, string][] =>
  Object.entries(Array.isArray(args[name]) ? {} : object(args, name)).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  )

export function blob(args: WireObject, name: string): Blob {
  const value = args[name]
  if (value instanceof Blob) return value
  if (value instanceof ArrayBuffer) return new Blob([value])
  throw wrong(name, 'Blob', value)
}
