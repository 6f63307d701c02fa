/** A runtime for tests of areas: real files and storage, a host that answers as the test says, a shell that notes. */
import type { Runtime } from '../../runtime/context'
import { ProgramFiles } from '../../runtime/files'
import { ProgramStorage } from '../../runtime/storage'
import type { AreaFactory } from '../kit'
import { publish } from '../kit'

type Answer = (args: any) => unknown

export interface FakeRuntime {
  rt: Runtime
  wx: { [name: string]: any }
  /** what the host was asked, in order */
  calls: { name: string; args: any }[]
  toasts: string[]
  unsupported: string[]
  /** an event of the host */
  receive(name: string, detail: object): void
}

/** A refusal of the host. */
export const refuse = (reason: string, errno?: number) => (): never => {
  throw Object.assign(new Error(reason), { reason, ...(errno !== undefined && { errno }) })
}

export function fakeRuntime(
  areas: readonly AreaFactory[],
  host: { [name: string]: Answer } = {},
  options: { packageFiles?: { [path: string]: string }; boot?: object; config?: object; route?: string } = {},
): FakeRuntime {
  const listeners = new Map<string, Set<(detail: any) => void>>()
  const calls: FakeRuntime['calls'] = []
  const toasts: string[] = []
  const unsupported: string[] = []
  const encode = (text: string) => new TextEncoder().encode(text).buffer as ArrayBuffer
  const runtime = {
    boot: {
      appId: 'wxtest',
      manifest: { version: { name: '1.2.0', code: 10200 } },
      mode: 'develop',
      packages: {},
      ...options.boot,
    },
    config: { networkTimeout: {}, ...options.config },
    network: { isConnected: true, networkType: 'wifi' },
    files: new ProgramFiles((path) => {
      const text = options.packageFiles?.[path]
      return text === undefined ? undefined : encode(text)
    }),
    storage: new ProgramStorage({}, 10240, () => undefined),
    async call(name: string, args: object = {}) {
      calls.push({ name, args })
      const answer = host[name]
      if (!answer) throw Object.assign(new Error('not supported'), { reason: 'not supported' })
      return (await answer(args)) ?? {}
    },
    router: { current: () => (options.route ? { route: options.route } : undefined) },
    notify: () => undefined,
    hostHas: (name: string) => name in host,
    on(name: string, listener: (detail: any) => void) {
      const all = listeners.get(name) ?? new Set()
      listeners.set(name, all.add(listener))
      return () => all.delete(listener)
    },
    emit: () => undefined,
    guard: <T,>(_where: string, run: () => T) => run(),
    reportUnsupported: (_what: string, name: string) => unsupported.push(name),
    t: (key: string) => key,
    shell: { toast: ({ title }: { title: string }) => toasts.push(title) },
  }
  const rt = runtime as unknown as Runtime
  return {
    rt, calls, toasts, unsupported,
    wx: Object.assign({}, ...areas.map((factory) => membersOf(rt, factory))),
    receive: (name, detail) => listeners.get(name)?.forEach((listener) => listener(detail)),
  }
}

function membersOf(rt: Runtime, factory: AreaFactory): object {
  const { async = {}, sync = {} } = factory(rt)
  return { ...sync, ...Object.fromEntries(Object.entries(async).map(([name, run]) => [name, publish(rt, name, run)])) }
}

/** What a call came to: the success or failure object of its promise. */
export const outcome = (promise: Promise<any>): Promise<any> => promise.then((value) => value, (failure) => failure)
