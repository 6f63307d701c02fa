/**
 * What WXS needs at run time: `getRegExp`, `getDate`, string-valued `.constructor`, and component descriptors for
 * event handlers and `change:` listeners that run in WXS.
 */
import type { GeneralComponent, Element as GlassElement } from 'glass-easel'
import { rpx } from '../components/kit'
import type { Runtime } from './context'
import { domOf, elementOf, type Shadowed, weChatEvent } from './events'

export const getRegExp = (pattern: string, flags?: string): RegExp => new RegExp(pattern, flags)

export function getDate(...args: unknown[]): Date {
  return args.length === 0 ? new Date() : new (Date as unknown as new (...parts: unknown[]) => Date)(...args)
}

/** In WXS `x.constructor` is a type name ("Array"); the compiler renames the member, this answers it. */
export function installConstructorNames(): void {
  Object.defineProperty(Object.prototype, '$wxsConstructor', {
    configurable: true,
    get(this: unknown) { return Object.prototype.toString.call(this).slice(8, -1) },
    set(this: object, value: unknown) {
      Object.defineProperty(this, '$wxsConstructor', { value, writable: true, enumerable: true, configurable: true })
    },
  })
}

const descriptors = new WeakMap<GlassElement, ComponentDescriptor>()
const stylesOf = new WeakMap<GlassElement, Map<string, string>>()
const classesOf = new WeakMap<GlassElement, Set<string>>()
/** StyleSegmentIndex.TEMP_EXTRA */
const STYLE_SEGMENT = 3

/** WXS's handle on a component or element; see WeChat's "WXS 响应事件". */
export class ComponentDescriptor {
  private state: { [key: string]: unknown } = {}

  constructor(private readonly rt: Runtime, private readonly element: GlassElement) {}

  private shadow() {
    const component = this.element as GeneralComponent
    return component.getShadowRoot?.() ?? null
  }

  selectComponent(selector: string): ComponentDescriptor | null {
    const found = this.shadow()?.querySelector(selector)
    return found ? describe(this.rt, found) : null
  }

  selectAllComponents(selector: string): ComponentDescriptor[] {
    return (this.shadow()?.querySelectorAll(selector) ?? []).map((found) => describe(this.rt, found))
  }

  setStyle(style: string | { [name: string]: string | number }): this {
    const styles = stylesOf.get(this.element) ?? new Map<string, string>()
    stylesOf.set(this.element, styles)
    const entries: [string, unknown][] = typeof style === 'string'
      ? style.split(';').map((part) => [part.slice(0, part.indexOf(':')), part.slice(part.indexOf(':') + 1)])
      : Object.entries(style)
    for (const [name, value] of entries) {
      const property = name.trim().replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
      if (property) styles.set(property, rpx(String(value)))
    }
    this.element.setNodeStyle([...styles].map(([name, value]) => `${name}:${value}`).join(';'), STYLE_SEGMENT)
    return this
  }

  private classes(): Set<string> {
    const classes = classesOf.get(this.element) ?? new Set<string>()
    classesOf.set(this.element, classes)
    return classes
  }

  private toggleClass(names: string, on: boolean): this {
    const classes = this.classes()
    for (const name of names.split(/\s+/).filter(Boolean)) {
      if (on) classes.add(name)
      else classes.delete(name)
      this.element.toggleNodeClass?.(name, on)
    }
    return this
  }

  addClass(names: string): this { return this.toggleClass(names, true) }
  removeClass(names: string): this { return this.toggleClass(names, false) }
  hasClass(name: string): boolean {
    return this.classes().has(name) || this.element.class.split(/\s+/).includes(name)
  }

  getDataset(): { [name: string]: unknown } { return { ...(this.element.dataset as object) } }
  getState(): { [key: string]: unknown } { return this.state }

  callMethod(name: string, args?: unknown): void {
    const component = this.element as GeneralComponent
    const method = component.getMethodCaller?.()?.[name] as ((args: unknown) => void) | undefined
    if (method) this.rt.guard(`WXS callMethod ${name}`, () => method.call(component.getMethodCaller(), args))
  }

  triggerEvent(name: string, detail?: unknown, options?: object): void {
    this.element.triggerEvent(name, detail, options)
  }

  requestAnimationFrame(callback: () => void): void {
    requestAnimationFrame(() => this.rt.guard('WXS requestAnimationFrame', callback))
  }

  setTimeout(callback: () => void, ms: number): number {
    return window.setTimeout(() => this.rt.guard('WXS setTimeout', callback), ms)
  }

  clearTimeout(timer: number): void { window.clearTimeout(timer) }

  getComputedStyle(names: string[]): { [name: string]: string } {
    const dom = domOf(this.element)
    if (!dom) return {}
    const style = getComputedStyle(dom)
    return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`))]))
  }

  getBoundingClientRect(): { left: number; top: number; right: number; bottom: number; width: number; height: number } {
    const page = this.rt.router.pageOf(this.element)
    const origin = page?.scroller.getBoundingClientRect()
    const box = domOf(this.element)?.getBoundingClientRect() ?? new DOMRect()
    const left = box.left - (origin?.left ?? 0)
    const top = box.top - (origin?.top ?? 0)
    return { left, top, right: left + box.width, bottom: top + box.height, width: box.width, height: box.height }
  }
}

export function describe(rt: Runtime, element: GlassElement): ComponentDescriptor {
  let descriptor = descriptors.get(element)
  if (!descriptor) descriptors.set(element, (descriptor = new ComponentDescriptor(rt, element)))
  return descriptor
}

/** [1 | 2, …]: the handler is a member of a WXS module (glass-easel's GeneralLvaluePathPrefix). */
const isWxs = (path: unknown): boolean => Array.isArray(path) && (path[0] === 1 || path[0] === 2)

/** The filters that compiled templates call (`Q.A`, `Q.C`; see docs/package-format.md). */
export function templateFilters(rt: Runtime) {
  return {
    property: (listener: (...args: unknown[]) => void) => {
      if (typeof listener !== 'function') return () => {}
      return (value: unknown, old: unknown, host: GeneralComponent, element: GlassElement) => {
        // WeChat runs change: listeners after the update that caused them.
        queueMicrotask(() => rt.guard('WXS change listener', () => listener(value, old, describe(rt, host), describe(rt, element))))
      }
    },
    listener: (caller: object, event: Shadowed, handler: (...args: unknown[]) => unknown, path: unknown) =>
      rt.guard(`${event.type} handler`, () => {
        rt.collector?.handled(caller, event, handler)
        const shaped = weChatEvent(event)
        if (!isWxs(path)) return handler.call(caller, shaped)
        const host = elementOf(caller)
        shaped.instance = describe(rt, elementOf(event.currentTarget))
        return handler.call(undefined, shaped, describe(rt, host))
      }),
  }
}
