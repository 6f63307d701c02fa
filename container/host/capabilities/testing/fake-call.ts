/** A capability call for tests: values in memory, answers as the test says. */
import type { WireObject } from '../../../bridge/messages'
import type { Question } from '../../prompt'
import { automaticAnswer } from '../../prompt'
import { browserFetch, fail } from '../types'
import type { Capability, HostCall, ValueStore } from '../types'

export class MemoryStore implements ValueStore {
  readonly values = new Map<string, unknown>()

  async get<T>(key: string): Promise<T | undefined> {
    return this.values.get(key) as T | undefined
  }

  async write(changes: ReadonlyMap<string, unknown>): Promise<void> {
    for (const [key, value] of changes) {
      if (value === undefined) this.values.delete(key)
      else this.values.set(key, structuredClone(value))
    }
  }

  async entries<T>(prefix: string): Promise<[string, T][]> {
    return [...this.values].filter(([key]) => key.startsWith(prefix)) as [string, T][]
  }

  async keys(prefix: string): Promise<string[]> { return [...this.values.keys()].filter((key) => key.startsWith(prefix)) }
}

export interface FakePhone {
  /** scopes that are refused */
  refused: string[]
  /** the answer to every question: yes or no, or what a function of the question says */
  answer: boolean | ((question: Question) => unknown)
  interactive: boolean
  services: Partial<HostCall['services']>
  gateway: HostCall['gateway']
  phone: Partial<HostCall['phone']>
}

export class FakeFrame {
  readonly store = new MemoryStore()
  readonly profile = new MemoryStore()
  readonly events: { name: string; detail: any }[] = []
  readonly questions: Question[] = []
  readonly end = new AbortController()
  readonly options: FakePhone

  constructor(options: Partial<FakePhone> = {}) {
    this.options = { refused: [], answer: true, interactive: false, services: {}, gateway: undefined, phone: {}, ...options }
  }

  /** Run a capability as if the frame had asked; resolves with its answer. */
  async ask(capability: Capability, args: WireObject = {}): Promise<any> {
    const { refused, answer, interactive, services, gateway, phone } = this.options
    const call: HostCall = {
      name: 'test',
      args,
      session: this,
      signal: this.end.signal,
      locale: 'zh_CN',
      store: this.store,
      profile: this.profile,
      program: { appId: 'wxtest', name: '测试', manifest: { version: { code: 7 } }, domains: null },
      services: { fetch: browserFetch, ...services },
      gateway,
      phone: phone as HostCall['phone'],
      prompt: {
        interactive,
        ask: async (question: any) => {
          this.questions.push(question)
          return typeof answer === 'function' ? answer(question) : (automaticAnswer(question, answer) as any)
        },
        panel: () => ({ done: Promise.resolve(false), close: () => undefined }),
      },
      authorize: async (scope) => {
        if (refused.includes(scope)) throw fail('auth deny', 103)
      },
      emit: (name, detail) => void this.events.push({ name, detail }),
    }
    return capability(call)
  }
}

/** reason and errno of a call that must fail. */
export const failure = (promise: Promise<unknown>): Promise<{ reason: string; errno: number | undefined }> =>
  promise.then(
    () => { throw new Error('did not fail') },
    ({ reason, errno }) => ({ reason, errno }),
  )
