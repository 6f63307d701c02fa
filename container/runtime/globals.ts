/** What program code finds as globals: the platform's names, and nothing that would stop it. */
import type { Definition } from './definitions'

export function installGlobals(globals: { [name: string]: unknown }): void {
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(window, name, { value, writable: true, enumerable: true, configurable: true })
  }
}

/** What ECMAScript defines; of the browser's own globals programs see none through `global`. */
const STANDARD = `
  Object Function Array Number Boolean String Symbol Date Promise RegExp Error AggregateError EvalError RangeError
  ReferenceError SyntaxError TypeError URIError Math JSON Reflect Proxy Map Set WeakMap WeakSet WeakRef BigInt
  FinalizationRegistry ArrayBuffer SharedArrayBuffer DataView Int8Array Uint8Array Uint8ClampedArray Int16Array
  Uint16Array Int32Array Uint32Array Float32Array Float64Array BigInt64Array BigUint64Array Intl WebAssembly Atomics
  console setTimeout clearTimeout setInterval clearInterval parseInt parseFloat isNaN isFinite encodeURIComponent
  decodeURIComponent encodeURI decodeURI escape unescape NaN Infinity`.split(/\s+/).filter(Boolean)

/**
 * The `global` object of modules: shared by all of them, with the standard constructors on it, because bundled
 * libraries test `global.Object === Object`.
 */
export function makeGlobal(globals: { [name: string]: unknown }): Definition {
  const global: Definition = {}
  for (const name of STANDARD) if (name in window) global[name] = (window as unknown as Definition)[name]
  Object.assign(global, globals)
  global.global = global
  return global
}

/**
 * Bundled libraries find the global object by `Function('return this')()`; as on WeChat they get `global`, else
 * they would take the frame for a web page and look for its document.
 */
export function hideRealGlobal(global: Definition): void {
  const Native = Function
  function Guarded(this: unknown, ...args: string[]): unknown {
    return /^\s*return this;?\s*$/.test(String(args[args.length - 1])) ? () => global : Reflect.construct(Native, args)
  }
  Guarded.prototype = Native.prototype
  Object.defineProperty(Native.prototype, 'constructor', { value: Guarded, writable: true, configurable: true })
  Object.defineProperty(Guarded, 'name', { value: 'Function' })
  global.Function = Guarded
  ;(window as unknown as Definition).Function = Guarded
}

/** The exports of a plugin. There are none here: each is a function that does nothing, so that the page around it works. */
export function requirePlugin(name: string): object {
  console.warn(`plugin "${name}" is not available; what it exports does nothing`)
  const nothing = () => undefined
  return new Proxy({}, { get: (_, key) => (typeof key === 'symbol' || key === 'then' || key === '__esModule' ? undefined : nothing) })
}

/** These throw where they are read, in a frame of an opaque origin; to programs they are absent, as on WeChat. */
export function hideStorage(): void {
  for (const name of ['localStorage', 'sessionStorage', 'indexedDB', 'caches', 'cookieStore']) {
    Object.defineProperty(window, name, { value: undefined, writable: true, configurable: true })
  }
}

/**
 * Timers of a sandboxed page take strings and throw nothing into our code; program callbacks run guarded so that
 * an exception names itself as the program's.
 */
export function guardTimers(guard: (where: string, run: () => unknown) => void): void {
  const wrap = (name: 'setTimeout' | 'setInterval') => {
    const original = window[name] as (handler: TimerHandler, ms?: number, ...args: unknown[]) => number
    ;(window as unknown as Definition)[name] = (handler: unknown, ms?: number, ...args: unknown[]) =>
      original(() => guard(name, () => (typeof handler === 'function' ? handler(...args) : undefined)), ms)
  }
  wrap('setTimeout')
  wrap('setInterval')
}

/** console → host, so that the simulator and `eden check` show it; the browser's own console still prints. */
export function forwardConsole(send: (level: 'log' | 'info' | 'warn' | 'error' | 'debug', args: unknown[], stack?: string) => void): void {
  for (const level of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    const original = console[level].bind(console)
    console[level] = (...args: unknown[]) => {
      original(...args)
      send(level, args, level === 'error' || level === 'warn' ? new Error().stack : undefined)
    }
  }
  for (const name of ['group', 'groupEnd', 'table', 'time', 'timeEnd', 'trace'] as const) console[name] ??= () => {}
}

/** A value of the program as something that can be cloned: depth, size and cycles bounded. */
export function printable(value: unknown, depth = 4, seen = new Set<unknown>()): any {
  if (value === null || ['undefined', 'boolean', 'number'].includes(typeof value)) return value
  if (typeof value === 'string') return value.length > 10_000 ? `${value.slice(0, 10_000)}…` : value
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value)
  if (typeof value === 'function') return `ƒ ${value.name || '(anonymous)'}`
  if (value instanceof Error) return `${value.name}: ${value.message}${value.stack ? `\n${value.stack}` : ''}`
  if (seen.has(value)) return '[circular]'
  if (depth === 0) return Array.isArray(value) ? `[array ${value.length}]` : '[object]'
  seen.add(value)
  try {
    if (Array.isArray(value)) return value.slice(0, 100).map((item) => printable(item, depth - 1, seen))
    if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return `[${value.constructor.name} ${value.byteLength}]`
    const out: { [key: string]: unknown } = {}
    for (const key of Object.keys(value as object).slice(0, 100)) {
      let member: unknown
      try { member = (value as Definition)[key] } catch { member = '[getter failed]' }
      Object.defineProperty(out, key, { value: printable(member, depth - 1, seen), enumerable: true })
    }
    return out
  } finally {
    seen.delete(value)
  }
}
