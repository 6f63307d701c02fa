/**
 * How a `wx.*` function is written. An area file exports one function `(rt: Runtime) => Area`.
 *
 * `async` functions take the program's options and return (a promise of) the result's fields. The kit gives them
 * what every WeChat API has: `success`, `fail`, `complete`, a promise when none of the three is passed, and
 * `errMsg: "NAME:ok"` or `"NAME:fail REASON"`. They fail by throwing `fail(reason, errno?)`.
 * `sync` members are put on `wx` as they are (getXSync, on…/off…, create…, plain values).
 */
import type { Runtime } from '../runtime/context'

export interface Area {
  async?: { [name: string]: (options: any, call: CallInfo) => unknown }
  sync?: { [name: string]: unknown }
  /** names (or "name.object.key") that exist but do only part of what is documented, with the reason */
  partial?: { [name: string]: string }
}

export interface CallInfo {
  name: string
  /** returned to the program instead of undefined in callback form (RequestTask, UploadTask, …) */
  task?: unknown
}

export type AreaFactory = (rt: Runtime) => Area

export class ApiFailure extends Error {
  /** fields: what some APIs give beside errMsg and errno (errCode of Bluetooth and subscriptions) */
  constructor(readonly reason: string, readonly errno?: number, readonly fields?: object) {
    super(reason)
  }
}

export const fail = (reason: string, errno?: number, fields?: object): ApiFailure => new ApiFailure(reason, errno, fields)

/** "parameter error: parameter.url should be String instead of Undefined;" as WeChat words it. */
export function requireParameter(options: any, name: string, type: 'String' | 'Number' | 'Object' | 'Array' | 'Boolean' | 'Function'): void {
  const value = options?.[name]
  // An object that says what it is as a primitive counts as one (the empty answers of a check do).
  if ((type === 'String' || type === 'Number') && typeof value?.[Symbol.toPrimitive] === 'function') return
  const actual = Object.prototype.toString.call(value).slice(8, -1)
  if (actual !== type) throw fail(`parameter error: parameter.${name} should be ${type} instead of ${actual};`)
}

/** Wrap one async function into its public form. */
export function publish(rt: Runtime, name: string, run: (options: any, call: CallInfo) => unknown): (options?: any) => unknown {
  return (options: any = {}) => {
    const { success, fail: onFail, complete } = options ?? {}
    const withCallbacks = [success, onFail, complete].some((callback) => typeof callback === 'function')
    const call: CallInfo = { name }
    const work = new Promise<any>((resolve) => resolve(run(options ?? {}, call))).then(
      (fields) => ({ ...(fields as object | undefined), errMsg: `${name}:ok` }),
      (error: any) => {
        const reason = error?.reason ?? error?.message ?? String(error)
        const failure: any = { ...error?.fields, errMsg: `${name}:fail${reason ? ` ${reason}` : ''}` }
        if (error?.errno !== undefined) failure.errno = error.errno
        throw failure
      },
    )
    if (!withCallbacks) {
      if (call.task === undefined) return work
      // WeChat's tasks are no promises: a failure that nobody looks at is no unhandled rejection.
      work.catch(() => undefined)
      return Object.assign(call.task as object, { then: work.then.bind(work), catch: work.catch.bind(work), finally: work.finally.bind(work) })
    }
    const invoke = (callback: unknown, kind: string, value: unknown) => {
      if (typeof callback === 'function') rt.guard(`wx.${name} ${kind}`, () => callback(value))
    }
    work.then(
      (value) => { invoke(success, 'success', value); invoke(complete, 'complete', value) },
      (failure) => { invoke(onFail, 'fail', failure); invoke(complete, 'complete', failure) },
    )
    return call.task
  }
}
