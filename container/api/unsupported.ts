/** What WeChat has and Eden has not: present, so that programs load, and failing in WeChat's own manner. */
import type { Runtime } from '../runtime/context'
import { fail, publish } from './kit'

type Reporter = Pick<Runtime, 'reportUnsupported' | 'guard'>

const REASON = 'not supported'
const LISTENER = /^(on|off)[A-Z]/
const FACTORY = /^create[A-Z]|^get\w+(Manager|Adapter|System|Performance)$/

export function unsupported(rt: Reporter, name: string): (...args: any[]) => unknown {
  const report = (): void => rt.reportUnsupported('api', name)
  if (LISTENER.test(name))
    return () => {
      if (name.startsWith('on')) report()
    }
  if (name.endsWith('Sync')) {
    return () => {
      report()
      throw Object.assign(new Error(`${name}:fail ${REASON}`), { errMsg: `${name}:fail ${REASON}` })
    }
  }
  if (FACTORY.test(name)) {
    return () => {
      report()
      return failingObject(rt)
    }
  }
  return failing(rt, name, report)
}

/** Fails through its callbacks or its promise; a promise that nobody looks at is not reported as an uncaught error. */
function failing(rt: Reporter, name: string, report: () => void): (options?: any) => unknown {
  const call = publish(rt as Runtime, name, () => {
    report()
    throw fail(REASON)
  })
  return (options) => {
    const result = call(options)
    if (result instanceof Promise) result.catch(() => undefined)
    return result
  }
}

/** A manager or task whose methods all fail and whose events never come. */
function failingObject(rt: Reporter): object {
  const methods: { [name: string]: unknown } = {}
  return new Proxy(methods, {
    get(target, name) {
      if (typeof name !== 'string' || name === 'then' || name === 'toJSON') return undefined
      if (!(name in target)) target[name] = LISTENER.test(name) ? () => undefined : failing(rt, name, () => undefined)
      return target[name]
    },
  })
}
