/** Events of the whole program, and its update. */
import type { Runtime, RuntimeEventName } from '../runtime/context'
import type { AreaFactory } from './kit'
import { Listeners } from './listeners'

const EVENTS: { [name: string]: RuntimeEventName } = {
  AppShow: 'appShow',
  AppHide: 'appHide',
  Error: 'error',
  UnhandledRejection: 'unhandledRejection',
  PageNotFound: 'pageNotFound',
  ThemeChange: 'themeChange',
}
/** Known and accepted, but nothing in a browser makes them happen. */
const NEVER = ['AudioInterruptionBegin', 'AudioInterruptionEnd', 'ApiCategoryChange', 'LazyLoadError', 'CopyUrl']

export const appEvents: AreaFactory = (rt) => {
  const sync: { [name: string]: unknown } = { getUpdateManager: () => updates }
  const partial: { [name: string]: string } = {}
  for (const [name, event] of Object.entries(EVENTS)) {
    const listeners = new Listeners(rt, `on${name}`)
    rt.on(event, (detail) => listeners.emit(detail))
    sync[`on${name}`] = listeners.on
    sync[`off${name}`] = listeners.off
  }
  for (const name of NEVER) {
    const listeners = new Listeners(rt, `on${name}`)
    sync[`on${name}`] = listeners.on
    sync[`off${name}`] = listeners.off
    partial[`on${name}`] = 'never fires: a browser has no such event'
  }
  const updates = updateManager(rt)
  return { sync, partial }
}

/** Eden's host looks for a newer package while the program runs; it says so by "updateReady" or "updateFailed". */
function updateManager(rt: Runtime): object {
  const checks = new Listeners<{ hasUpdate: boolean }>(rt, 'UpdateManager.onCheckForUpdate')
  const ready = new Listeners<undefined>(rt, 'UpdateManager.onUpdateReady')
  const failed = new Listeners<undefined>(rt, 'UpdateManager.onUpdateFailed')
  let state: 'none' | 'ready' | 'failed' = 'none'
  rt.on('updateReady', () => {
    state = 'ready'
    checks.emit({ hasUpdate: true })
    ready.emit(undefined)
  })
  rt.on('updateFailed', () => {
    state = 'failed'
    checks.emit({ hasUpdate: true })
    failed.emit(undefined)
  })
  const late = (name: string, run: () => void): void => void setTimeout(() => rt.guard(name, run), 0)
  return {
    onCheckForUpdate(listener: (result: { hasUpdate: boolean }) => void) {
      checks.on(listener)
      if (typeof listener === 'function') late('onCheckForUpdate', () => listener({ hasUpdate: state !== 'none' }))
    },
    onUpdateReady(listener: () => void) {
      ready.on(listener)
      if (state === 'ready' && typeof listener === 'function') late('onUpdateReady', listener)
    },
    onUpdateFailed(listener: () => void) {
      failed.on(listener)
      if (state === 'failed' && typeof listener === 'function') late('onUpdateFailed', listener)
    },
    applyUpdate() {
      if (state === 'ready') rt.call('applyUpdate', {}).catch(() => undefined)
    },
  }
}
