/** App(), getApp() and the lifecycle of the whole program. */
import type { LaunchOptions } from '../bridge/messages'
import type { Runtime } from './context'
import type { Definition } from './definitions'

const LIFECYCLES = ['onLaunch', 'onShow', 'onHide', 'onError', 'onPageNotFound', 'onUnhandledRejection', 'onThemeChange'] as const
type Lifecycle = (typeof LIFECYCLES)[number]

export class Program {
  private app: Definition | undefined
  private defaults: Definition = {}
  private foreground = false

  constructor(private readonly rt: Runtime) {}

  App = (definition: Definition = {}): void => {
    const app: Definition = Object.create({})
    Object.assign(app, definition)
    this.app = Object.assign(app, { ...this.defaults, ...app })
  }

  getApp = (options?: { allowDefault?: boolean }): Definition | undefined =>
    this.app ?? (options?.allowDefault ? this.defaults : undefined)

  call(name: Lifecycle, detail: unknown): boolean {
    const method = this.app?.[name]
    if (typeof method !== 'function') return false
    const run = () => method.call(this.app, detail)
    // An error inside onError must not call onError again.
    if (name === 'onError') try { run() } catch (error) { console.error(error) }
    else this.rt.guard(`App ${name}`, run)
    return true
  }

  /** The script app.js has run: a program without App() gets an empty one. */
  launch(options: LaunchOptions): void {
    if (!this.app) this.App({})
    this.call('onLaunch', showOptions(options))
    this.show(options)
  }

  show(options: LaunchOptions): void {
    if (this.foreground) return
    this.foreground = true
    this.rt.enterOptions = options
    this.call('onShow', showOptions(options))
    this.rt.emit('appShow', showOptions(options))
  }

  hide(): void {
    if (!this.foreground) return
    this.foreground = false
    this.call('onHide', { reason: 0 })
    this.rt.emit('appHide', { reason: 0 })
  }
}

export const showOptions = ({ path, query, scene, referrerInfo }: LaunchOptions): Definition =>
  ({ path, query: { ...query }, scene, referrerInfo: referrerInfo ?? {}, shareTicket: undefined, mode: 'default', apiCategory: 'default' })
