/** A running program's storage and permissions, as its developer sees and changes them. */
import { STORAGE } from '../capabilities/persistence'
import type { ValueStore } from '../capabilities/types'
import type { AuthSetting, Permissions } from './permissions'

export class Inspector {
  constructor(
    private readonly store: ValueStore, private readonly granted: Permissions,
    /** packages that are in the frame */
    readonly loaded: ReadonlySet<string>,
  ) {}

  /** Key → JSON text, as last written. */
  async storage(): Promise<{ [key: string]: string }> {
    const entries = await this.store.entries<string>(STORAGE)
    return Object.fromEntries(entries.map(([key, json]) => [key.slice(STORAGE.length), json]))
  }

  /** The running program has its values in memory: start it anew afterwards. */
  async clearStorage(): Promise<void> {
    const entries = await this.store.entries(STORAGE)
    await this.store.write(new Map(entries.map(([key]) => [key, undefined])))
  }

  permissions(): AuthSetting { return this.granted.all() }

  /** undefined: the person is asked again. */
  setPermission(scope: string, granted: boolean | undefined): Promise<void> { return this.granted.set(scope, granted) }
}
