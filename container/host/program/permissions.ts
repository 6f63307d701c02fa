/** What a person has allowed a program: scope.* → granted. Asked once, kept, and withdrawn in the settings. */
import { fail, type ValueStore } from '../capabilities/types'
import type { Prompter } from '../prompt'

const KEY = 'authSetting'

export type AuthSetting = { [scope: string]: boolean }

export class Permissions {
  private pending = new Map<string, Promise<boolean>>()
  onChange: (setting: AuthSetting) => void = () => {}

  private constructor(private readonly store: ValueStore, private readonly setting: AuthSetting) {}

  static async load(store: ValueStore): Promise<Permissions> {
    const kept = await store.get<AuthSetting>(KEY).catch(() => undefined)
    return new Permissions(store, Object.assign(Object.create(null) as AuthSetting, kept))
  }

  all(): AuthSetting { return { ...this.setting } }

  /** Resolves when granted; rejects as WeChat does. Several calls at once ask one question. */
  async authorize(scope: string, title: string, reason: string, prompter: Prompter): Promise<void> {
    let granted = this.setting[scope]
    if (granted === undefined) {
      let asking = this.pending.get(scope)
      if (!asking) {
        asking = prompter.ask({ kind: 'permission', scope, title, reason })
          .then(async (answer) => { await this.set(scope, answer); return answer })
          .finally(() => this.pending.delete(scope))
        this.pending.set(scope, asking)
      }
      granted = await asking
    }
    if (!granted) throw fail('auth deny', 103)
  }

  /** undefined: undecided, the next use asks. */
  async set(scope: string, granted: boolean | undefined): Promise<void> {
    if (granted === undefined) delete this.setting[scope]
    else this.setting[scope] = granted
    await this.store.write(new Map([[KEY, this.all()]])).catch(() => undefined)
    this.onChange(this.all())
  }
}
