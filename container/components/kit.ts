/**
 * How a built-in component is written: a class that owns real DOM inside its host element `<wx-TAG>`.
 *
 *     export class Switch extends Builtin<SwitchProps> {
 *       static tag = 'switch'
 *       static properties = { checked: Boolean, disabled: Boolean, color: { type: String, value: '#04BE02' } }
 *       static css = `wx-switch{display:inline-block} …`
 *       create() { … build DOM in this.host … }
 *       update(name, value) { … }
 *     }
 *
 * glass-easel creates the host element, keeps class, style, id, dataset and events on it, and puts the author's
 * children into `slot` (the host itself unless `create` sets another element). Properties arrive converted to
 * their declared type; `update` is called for each changed property, and once for every property before
 * `attached`. Names are camelCase; authors may write either form. `hidden`, `animation`, `role`, `tabindex` and
 * `aria-*` work on every built-in without being declared (./common.ts): the runtime declares `propertiesOf(type)`
 * and calls `changed(builtin, name, value, old)` for each property that the author gave.
 */
import type { GeneralBehavior, GeneralComponent } from 'glass-easel'
import type { PageHandle, Runtime } from '../runtime/context'
import { COMMON_PROPERTIES, updateCommon } from './common'

export type PropertyType = typeof String | typeof Number | typeof Boolean | typeof Object | typeof Array | null
export type PropertyDefinition = PropertyType | { type: PropertyType; value?: unknown }

export interface BuiltinClass {
  new (rt: Runtime, host: HTMLElement, component: GeneralComponent): Builtin<any>
  tag: string
  properties: { [name: string]: PropertyDefinition }
  /** Style sheet of this component; every page adopts it. Internal class names start with "eden-". */
  css?: string
  /** External classes beside `class` (placeholder-class, hover-class, …) whose names resolve in the author's scope: a class name given by the author must be translated by `this.authorClass(name)`. */
  /** Takes part in <form>: has `name` and gives its value by `formValue()`. */
  field?: boolean
}

export interface TriggerOptions {
  bubbles?: boolean
  composed?: boolean
  /** extra fields on the event object itself (touches, …) */
  extraFields?: { [key: string]: unknown }
  /** called with what each listener of the program returned (bindinput may return the new value) */
  handleListenerReturn?: (returned: unknown) => boolean | void
}

export abstract class Builtin<P extends object = {}> {
  static properties: { [name: string]: PropertyDefinition } = {}

  /** Where the author's children go. */
  slot: HTMLElement
  /** Current property values; kept by the kit. */
  props: P = {} as P

  constructor(readonly rt: Runtime, readonly host: HTMLElement, readonly component: GeneralComponent) {
    this.slot = host
  }

  /** Build the inner DOM; children and properties are not there yet. */
  create(): void {}
  /** One property changed (old is undefined the first time). */
  update(_name: keyof P & string, _value: unknown, _old: unknown): void {}
  /** In the document, all properties set. */
  attached(): void {}
  detached(): void {}
  /** Value for <form> submit; only for fields. */
  formValue(): unknown { return undefined }
  /** Back to the initial value on <form> reset. */
  formReset(): void {}

  /** Answer of `NodesRef.node()` (canvas, scroll-view). */
  node(): unknown { return undefined }
  /** Answer of `NodesRef.context()` and of `wx.create…Context(id)` (video, map, camera, editor, …). */
  context(): unknown { return undefined }
  /** What scrolls, for `NodesRef.scrollOffset()`. */
  get scroller(): HTMLElement { return this.host }

  /** Fire a component event (`bind:change`); does not bubble unless asked, as on WeChat. */
  trigger(type: string, detail: unknown = {}, options: TriggerOptions = {}): void {
    this.component.triggerEvent(type, detail as any, options as any)
  }

  /**
   * Style of the host element after the author's. `host.style` would be lost with the author's next change, because
   * the framework writes the whole attribute (this is its segment TEMPLATE_EXTRA).
   */
  styleHost(style: string): void {
    this.component.setNodeStyle(style, 1)
  }

  /** Change own properties after user input; the author's `model:` bindings follow. */
  set(fields: Partial<P>): void {
    this.component.setData(fields as { [name: string]: unknown })
  }

  /** The page this component stands in. */
  get page(): PageHandle | undefined {
    return this.rt.router.pageOf(this.component)
  }

  /** Author's class names (from placeholder-class, hover-class …) as they appear in the DOM, scope prefix included. */
  authorClass(names: string): string {
    const owner = this.component.ownerShadowRoot?.getHostNode()
    const scope = owner?.getComponentOptions().styleScope
    const prefix = scope != null ? owner!.getComponentDefinition().behavior.ownerSpace.styleScopeManager.queryName(scope) : ''
    return names.split(/\s+/).filter(Boolean).map((name) => (prefix ? `${prefix}--${name}` : name)).join(' ')
  }

  /** Author's style text with rpx converted. */
  authorStyle(style: string): string {
    return rpx(style)
  }

  /** Directory of the author's template, for relative file paths. */
  get base(): string {
    const is = this.component.ownerShadowRoot?.getHostNode().is ?? ''
    return is.slice(0, is.lastIndexOf('/') + 1)
  }

  /** The nearest ancestor built-in of this class in the composed tree (form, radio-group, …). */
  closest<T extends Builtin>(type: abstract new (...args: any[]) => T): T | undefined {
    for (let node: Node | null = this.host.parentNode; node; node = node.parentNode) {
      const found = builtinOf(node)
      if (found instanceof type) return found
    }
    return undefined
  }
}

/** Every property of a built-in, those that all of them have included. */
export const propertiesOf = (type: BuiltinClass): { [name: string]: PropertyDefinition } =>
  ({ ...COMMON_PROPERTIES, ...type.properties })

/** Hand one changed property to a built-in. */
export function changed(builtin: Builtin<any>, name: string, value: unknown, old: unknown): void {
  if (name in (builtin.constructor as unknown as BuiltinClass).properties) builtin.update(name as never, value, old)
  else if (old !== undefined || (value !== null && value !== undefined)) updateCommon(builtin, name, value)
}

const instances = new WeakMap<Node, Builtin<any>>()
/** The built-in that owns this host element. */
export const builtinOf = (node: Node): Builtin<any> | undefined => instances.get(node)
/** Called by the runtime when it has made a built-in. */
export const adoptBuiltin = (builtin: Builtin<any>): void => void instances.set(builtin.host, builtin)

/** WeChat's own behaviours (wx://form-field, …), as the runtime defined them. */
export const wxBehaviors = new Map<string, GeneralBehavior>()
export function hasBehavior(component: GeneralComponent, name: string): boolean {
  const behavior = wxBehaviors.get(name)
  return behavior !== undefined && component.hasBehavior(behavior)
}

/** 750 rpx = 100 vw; in author style text. Rounded up as in style sheets: browsers cut lengths to 1/64 px. */
export const rpx = (style: string): string => cqh(
  style.includes('rpx') ? style.replace(/(-?)(\d+\.?\d*|\.\d+)rpx\b/g, (_, sign, size) => `${sign}${toVw(size)}vw`) : style)

/** A page's height excludes the bars: `vh` counts the page's container, as in compiled sheets. */
const cqh = (style: string): string => (style.includes('vh') ? style.replace(/(\d)vh\b/g, '$1cqh') : style)

const toVw = (size: string): number => Math.ceil((Number(size) / 7.5) * 1e5 - 1e-6) / 1e5

/** CSS `url(…)` of any address. */
export const cssUrl = (address: string): string => `url(${JSON.stringify(address)})`

/** Make an element with class and children; children may be text. */
export function el<K extends keyof HTMLElementTagNameMap>(tag: K, className = '', ...children: (Node | string)[]): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag)
  if (className) node.className = className
  node.append(...children)
  return node
}

/**
 * Pressing, as WeChat's hover-class works: `hover` is called with true `start` ms after touch or mouse down and
 * with false `stay` ms after it ends; movement cancels. Keyboard: Enter and Space fire a `tap` on the host.
 */
export function pressable(builtin: Builtin<any>, options: { start: () => number; stay: () => number; stop: () => boolean; hover: (on: boolean) => void; disabled: () => boolean }): void {
  const { host } = builtin
  let timer: number | undefined
  let pressed = false
  let on = false
  const set = (value: boolean, delay: number) => {
    clearTimeout(timer)
    timer = window.setTimeout(() => { if (on !== value) { on = value; options.hover(value) } }, delay)
  }
  const down = (event: Event & { edenHover?: boolean }) => {
    if (options.disabled() || event.edenHover) return
    if (options.stop()) event.edenHover = true
    pressed = true
    set(true, options.start())
  }
  const up = (event: Event) => {
    if (!pressed) return
    pressed = false
    // a press shorter than `start` shows, too; one that became a movement does not
    if (event.type === 'pointerup' && !on) options.hover(on = true)
    set(false, event.type === 'pointerup' ? options.stay() : 0)
  }
  host.addEventListener('pointerdown', down)
  for (const type of ['pointerup', 'pointercancel', 'pointerleave']) host.addEventListener(type, up)
  host.addEventListener('keydown', (event) => {
    if (!options.disabled()) tapByKey(host, event)
  })
}

/** Enter and Space on a focused element are a tap. */
export function tapByKey(host: HTMLElement, event: KeyboardEvent): void {
  if (event.target !== host || event.defaultPrevented || (event.key !== 'Enter' && event.key !== ' ')) return
  event.preventDefault()
  fireTap(host)
}

/** Fire a tap as if the middle of the element had been touched; the page's backend turns it into a `tap` event. */
export function fireTap(host: HTMLElement): void {
  const box = host.getBoundingClientRect()
  host.dispatchEvent(new CustomEvent('eden:tap', { bubbles: true, composed: true, detail: { x: box.left + box.width / 2, y: box.top + box.height / 2 } }))
}
