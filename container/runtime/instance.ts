/** What `this` of a page or component can do. */
import type { GeneralComponent } from 'glass-easel'
import { component as adapter } from 'glass-easel-miniprogram-adapter'
import { effect } from '../api/worklet'
import { rpx } from '../components/kit'
import { clearAnimation, runAnimation } from './animate'
import type { Runtime } from './context'
import type { Definition } from './definitions'

type Caller = Definition & { _$: GeneralComponent }

/** Elements whose style follows shared values, with what ends that. */
const animated = new WeakMap<object, () => void>()

/** Give pages and components the methods that the adapter leaves to the platform. `page`: the page that shows one. */
export function installInstanceMethods(rt: Runtime, wx: Definition, page: (component: GeneralComponent) => Definition | undefined): void {
  const prototype = adapter.ComponentCaller.prototype as unknown as Definition
  // a program that puts an instance into its data must not copy the whole tree
  Object.defineProperty(prototype, '_$', {
    configurable: true,
    set(this: object, value) { Object.defineProperty(this, '_$', { value, writable: true, configurable: true }) },
  })
  const setData = prototype.setData as (data: object, callback?: () => void) => void
  Object.assign(prototype, {
    setData(this: Caller, data: unknown, callback?: () => void) {
      const given = data && typeof data === 'object' ? data : {}
      const run = () => setData.call(this, given, typeof callback === 'function' ? callback : undefined)
      if (rt.collector) rt.collector.updating(this._$, given, run)
      else run()
    },
    triggerEvent(this: Caller, name: string, detail?: unknown, options?: object) {
      this._$.triggerEvent(name, detail as any, options ?? {})
    },
    createSelectorQuery(this: Caller) { return wx.createSelectorQuery().in(this) },
    createIntersectionObserver(this: Caller, options?: object) { return wx.createIntersectionObserver(this, options) },
    createMediaQueryObserver(this: Caller) { return wx.createMediaQueryObserver(this) },
    animate(this: Caller, selector: string, frames: Definition[], duration: unknown, callback?: unknown) {
      runAnimation(rt, this._$, selector, frames, duration, callback)
    },
    clearAnimation(this: Caller, selector: string, options?: unknown, callback?: unknown) {
      clearAnimation(rt, this._$, selector, typeof options === 'function' ? options : callback)
    },
    applyAnimatedStyle(this: Caller, selector: string, style: () => Definition, _options?: object, callback?: (result: object) => void) {
      const element = this._$.getShadowRoot()?.querySelector(selector)
      if (element) {
        animated.get(element)?.()
        // Runs again whenever a shared value that it reads changes (wx.worklet).
        animated.set(element, effect(rt, () => {
          const values = Object.entries(style() ?? {})
          element.setNodeStyle(values.map(([name, value]) => `${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}:${rpx(String(value))}`).join(';'), 2)
        }))
      }
      if (callback) queueMicrotask(() => rt.guard('applyAnimatedStyle', () => callback({ styleId: 0 })))
    },
    clearAnimatedStyle(this: Caller, selector: string) {
      const element = this._$.getShadowRoot()?.querySelector(selector)
      if (!element) return
      animated.get(element)?.()
      element.setNodeStyle('', 2)
    },
    setUpdatePerformanceListener() {},
    getPageId(this: Caller) { return `pageId:${page(this._$)?.__wxWebviewId__ ?? 0}` },
    getTabBar(this: Caller) { return page(this._$)?.__edenTabBar?.() ?? null },
    getAppBar() { return null },
    renderer: 'webview',
    getOpenerEventChannel(this: Caller) { return page(this._$)?.__edenEventChannel?.() ?? {} },
  })
  for (const name of ['router', 'pageRouter']) {
    Object.defineProperty(prototype, name, { configurable: true, get: () => wx, set(this: object, value) { Object.defineProperty(this, name, { value, writable: true, configurable: true }) } })
  }
}
