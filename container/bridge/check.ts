/**
 * What the host demands of everything that comes out of a frame. The frame runs a stranger's code: a message may
 * have any shape that structured clone carries. Nothing here throws; whatever passes is a fresh copy made of
 * null-prototype objects, dense arrays and primitives, so no later code can meet an inherited or hidden value.
 */
import type { FrameMessage, Wire, WireObject } from './messages'

/** Deepest nesting. A form of forms of lists is under 10; recursion in the host stays bounded. */
export const MAX_DEPTH = 32
/** Values in one message, keys counted. A thousand-item list of twenty fields is 20,000. */
export const MAX_VALUES = 100_000
/** UTF-16 units of all texts of a call: the whole storage (10 MB) fits in one write. */
export const MAX_TEXT = 12 * 1024 * 1024
/** Bytes of all binary values of a call: a long phone video; more than that would stall the host's memory. */
export const MAX_BINARY = 128 * 1024 * 1024
/** Text of one log line: what a person can read, and a stack. */
export const MAX_LOG_TEXT = 64 * 1024
/** Text of an error notice with its stack. */
export const MAX_ERROR_TEXT = 64 * 1024
/** Names of calls, API and components. */
export const MAX_NAME = 100
/** A page's path with its query. */
export const MAX_ROUTE_TEXT = 64 * 1024
/** What the runtime measured, in one message: it sends once a second, and when it must. */
export const MAX_OBSERVED = 100
export const MAX_OBSERVED_TEXT = 64 * 1024
/** WeChat's page stack is ten; some room for a runtime that counts differently. */
export const MAX_STACK = 20

/** Messages: a page that draws on every frame of a 60 Hz screen and logs once per frame stays below. */
export const MESSAGES_PER_SECOND = 200
/** Start-up of a large program: thousands of log lines and reads at once. */
export const MESSAGES_BURST = 2000
/** Bytes: faster than a phone's network; uploads of a gallery pass. */
export const BYTES_PER_SECOND = 32 * 1024 * 1024
export const BYTES_BURST = 256 * 1024 * 1024
/** Calls without an answer yet. WeChat runs ten requests and five sockets at once and queues the rest. */
export const MAX_OUTSTANDING = 512
/** Log lines that reach the console; more cannot be read. The rest is counted. */
export const LOGS_PER_SECOND = 100
export const LOGS_BURST = 1000
/** Dropped messages after which a program is stopped: it ignored at least this many refusals in a row. */
export const MAX_DROPPED = 10_000
/** Forgiven drops per second: a short storm is no reason to stop. */
export const FORGIVEN_PER_SECOND = 100
/** Malformed messages after which a program is stopped. The runtime sends none; a few allow for a newer runtime. */
export const MAX_MALFORMED = 20

export type Checked =
  /** bytes: an estimate of the message's memory */
  | { ok: true; message: FrameMessage; bytes: number }
  | { ok: false; reason: string }

class Refusal {
  constructor(readonly reason: string) {}
}

const LOG_LEVELS: readonly unknown[] = ['log', 'info', 'warn', 'error', 'debug']
const LOG_MANAGERS: readonly unknown[] = ['realtime', 'kept']
const CALL_NAME = /^[a-z][A-Za-z0-9.]*$/

/** Check one message; never throws. */
export function checkFrameMessage(data: unknown): Checked {
  try {
    const size = { values: 0, text: 0, binary: 0 }
    const message = shape(record(data), size)
    return { ok: true, message, bytes: size.values * 16 + size.text * 2 + size.binary }
  } catch (error) {
    return { ok: false, reason: error instanceof Refusal ? error.reason : 'unreadable message' }
  }
}

/** The id of a call that is refused unread, so that its promise does not wait for ever. */
export function callId(data: unknown): number | undefined {
  try {
    const source = record(data)
    const id = own(source, 'id')
    return own(source, 'kind') === 'call' && isId(id) ? (id as number) : undefined
  } catch {
    return undefined
  }
}

interface Size { values: number; text: number; binary: number }

function shape(source: object, size: Size): FrameMessage {
  const get = (key: string): unknown => own(source, key)
  const kind = get('kind')
  switch (kind) {
    case 'call': {
      if (!isId(get('id'))) throw new Refusal('call without an id')
      const name = text(get('name'), MAX_NAME, size)
      if (!CALL_NAME.test(name)) throw new Refusal('call name')
      return { kind, id: get('id') as number, name, args: wireObject(get('args') ?? {}, size, MAX_TEXT) }
    }
    case 'loaded':
      return { kind }
    case 'painted':
      return {
        kind, page: text(get('page'), MAX_ROUTE_TEXT, size), ms: finite(get('ms')),
        ...(get('render') !== undefined && { render: finite(get('render')) }),
        ...optional('fault', get('fault'), size),
      }
    case 'route': {
      const stack = array(get('stack'), MAX_STACK).map((entry) => {
        const page = record(entry)
        return { route: text(own(page, 'route'), MAX_ROUTE_TEXT, size), query: texts(own(page, 'query'), size) }
      })
      return { kind, stack, ...optional('how', get('how'), size) }
    }
    case 'log': {
      const level = get('level')
      if (!LOG_LEVELS.includes(level)) throw new Refusal('log level')
      const args = wire(get('args'), size, MAX_LOG_TEXT, 1)
      if (!Array.isArray(args)) throw new Refusal('log arguments')
      const manager = get('manager')
      if (manager !== undefined && !LOG_MANAGERS.includes(manager)) throw new Refusal('log manager')
      return {
        kind, level: level as 'log', args, ...optional('stack', get('stack'), size),
        ...(manager !== undefined && { manager: manager as 'kept' }),
        ...optional('tag', get('tag'), size), ...optional('filter', get('filter'), size),
      }
    }
    case 'error': {
      const type = get('type')
      if (type !== 'error' && type !== 'unhandledRejection') throw new Refusal('error type')
      return {
        kind, type, message: text(get('message'), MAX_ERROR_TEXT, size),
        ...optional('stack', get('stack'), size), ...optional('page', get('page'), size),
      }
    }
    case 'unsupported': {
      const what = get('what')
      if (what !== 'api' && what !== 'component') throw new Refusal('unsupported: what')
      return { kind, what, name: text(get('name'), MAX_NAME, size), ...optional('page', get('page'), size) }
    }
    case 'observed': {
      const records = array(get('records'), MAX_OBSERVED)
      return { kind, records: records.map((one) => wireObject(one, size, MAX_OBSERVED_TEXT)) }
    }
    case 'pong':
      if (!isId(get('seq'))) throw new Refusal('pong without a number')
      return { kind, seq: get('seq') as number }
    default:
      throw new Refusal('unknown kind of message')
  }
}

const own = (value: object, key: string): unknown => Object.getOwnPropertyDescriptor(value, key)?.value as unknown
const isId = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0

/** A plain object; structured clone gives every other kind a prototype of its own. */
function record(value: unknown): object {
  if (typeof value !== 'object' || value === null) throw new Refusal('not an object')
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) throw new Refusal('not a plain object')
  return value
}

function array(value: unknown, max: number): unknown[] {
  // The length is looked at before any walk: a sparse array of four billion costs its sender nothing.
  if (!Array.isArray(value) || value.length > max) throw new Refusal('not an array, or too long')
  return Array.from(value)
}

function text(value: unknown, max: number, size: Size): string {
  if (typeof value !== 'string') throw new Refusal('not a text')
  if (value.length > max) throw new Refusal('text too long')
  size.text += value.length
  return value
}

function finite(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Refusal('not a number')
  return value
}

function optional<K extends string>(key: K, value: unknown, size: Size): { [key in K]?: string } {
  return value === undefined ? {} : ({ [key]: text(value, MAX_ERROR_TEXT, size) } as { [key in K]?: string })
}

function texts(value: unknown, size: Size): { [key: string]: string } {
  const result = wireObject(value, size, MAX_ROUTE_TEXT)
  if (!Object.values(result).every((one) => typeof one === 'string')) throw new Refusal('not a text')
  return result as { [key: string]: string }
}

function wireObject(value: unknown, size: Size, maxText: number): WireObject {
  return wire(record(value), size, maxText, 1) as WireObject
}

/** Copy a value; shared and cyclic references end at the limits of depth and count. */
function wire(value: unknown, size: Size, maxText: number, depth: number): Wire {
  if (++size.values > MAX_VALUES) throw new Refusal('too many values')
  if (depth > MAX_DEPTH) throw new Refusal('nested too deep')
  switch (typeof value) {
    case 'undefined':
    case 'boolean':
    case 'number':
      return value
    case 'string':
      size.text += value.length
      if (size.text > maxText) throw new Refusal('too much text')
      return value
    case 'object':
      break
    default:
      throw new Refusal(`a ${typeof value} cannot cross`)
  }
  if (value === null) return null
  if (Array.isArray(value)) return array(value, MAX_VALUES).map((one) => wire(one, size, maxText, depth + 1))
  if (value instanceof ArrayBuffer) return binary(value, value.byteLength, size)
  if (typeof Blob === 'function' && value instanceof Blob) return binary(value, value.size, size)
  const result: WireObject = Object.create(null) as WireObject
  for (const key of Object.keys(record(value))) {
    const one = own(value, key)
    if (isPollution(key, one)) throw new Refusal(`key "${key}" is not allowed`)
    size.text += key.length
    if (size.text > maxText) throw new Refusal('too much text')
    result[key] = wire(one, size, maxText, depth + 1)
  }
  return result
}

function binary<T extends Wire>(value: T, bytes: number, size: Size): T {
  size.binary += bytes
  if (size.binary > MAX_BINARY) throw new Refusal('too much binary data')
  return value
}

/** Keys by which a careless merge would reach a prototype; as texts (an API's field "constructor") they do no harm. */
function isPollution(key: string, value: unknown): boolean {
  return key === '__proto__' || ((key === 'constructor' || key === 'prototype') && typeof value === 'object')
}

/** Tokens that come back with time. Times in ms, from any clock that does not go back. */
export class TokenBucket {
  private tokens: number
  private last: number | undefined

  constructor(private readonly perSecond: number, private readonly burst: number) {
    this.tokens = burst
  }

  take(now: number, amount = 1): boolean {
    const elapsed = this.last === undefined ? 0 : Math.max(0, now - this.last)
    this.last = Math.max(this.last ?? now, now)
    this.tokens = Math.min(this.burst, this.tokens + (elapsed * this.perSecond) / 1000)
    if (amount > this.tokens) return false
    this.tokens -= amount
    return true
  }
}

export type Verdict = 'pass' | 'drop' | 'stop'

/** One frame's budgets. Ask for every message, in order; after "stop" the frame must be removed. */
export class Budget {
  private readonly messages = new TokenBucket(MESSAGES_PER_SECOND, MESSAGES_BURST)
  private readonly bytes = new TokenBucket(BYTES_PER_SECOND, BYTES_BURST)
  private readonly logs = new TokenBucket(LOGS_PER_SECOND, LOGS_BURST)
  private readonly patience = new TokenBucket(FORGIVEN_PER_SECOND, MAX_DROPPED)
  private malformed = 0
  /** calls without an answer */
  outstanding = 0
  private droppedLogs = 0

  /** Before a message is looked at; pongs and floods cost the same. */
  arrive(now: number): Verdict {
    return this.messages.take(now) ? 'pass' : this.drop(now)
  }

  refuse(): Verdict {
    return ++this.malformed > MAX_MALFORMED ? 'stop' : 'drop'
  }

  accept(message: FrameMessage, bytes: number, now: number): Verdict {
    if (!this.bytes.take(now, bytes)) return this.drop(now)
    if (message.kind === 'call' && this.outstanding >= MAX_OUTSTANDING) return this.drop(now)
    if (message.kind === 'log' && !this.logs.take(now)) {
      this.droppedLogs++
      return this.drop(now)
    }
    return 'pass'
  }

  /** Log lines dropped since the last time this was asked. */
  takeDroppedLogs(): number {
    const count = this.droppedLogs
    this.droppedLogs = 0
    return count
  }

  private drop(now: number): Verdict {
    return this.patience.take(now) ? 'drop' : 'stop'
  }
}
