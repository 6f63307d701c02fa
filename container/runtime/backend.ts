/**
 * glass-easel's view of one page: a DOM backend whose tree lives in the page's shadow root.
 *
 * It differs from glass-easel's own CurrentWindowBackendContext in three points: elements are `wx-` + tag, style
 * sheets are adopted by the shadow root (see ./styles), and DOM events are turned into WeChat's gestures here.
 */
import { type BackendMode, type Element as GlassElement, Event as GlassEvent, type domlikeBackend } from 'glass-easel'
import { builtinOf, rpx } from '../components/kit'

type BackendElement = domlikeBackend.Element

/** Farther than this (CSS px) a press is no tap. */
const TAP_SLOP = 10
/** WeChat's documented long press time. */
const LONG_PRESS_MS = 350
/** A const enum of glass-easel, which isolated modules cannot import. */
const DOMLIKE = 3 as BackendMode.Domlike

export interface WeChatTouch {
  identifier: number
  pageX: number
  pageY: number
  clientX: number
  clientY: number
  force: number
}

export interface PageGeometry {
  /** left and top of the page's area in the frame */
  origin(): { left: number; top: number }
  scrollTop(): number
}

interface Press {
  x: number
  y: number
  target: Node
  timer: number
  longPressed: boolean
}

export class PageBackend implements domlikeBackend.Context {
  readonly mode = DOMLIKE
  document: domlikeBackend.Context['document']
  private presses = new Map<number, Press>()
  private lastTouch = -Infinity

  constructor(
    readonly root: ShadowRoot,
    private readonly geometry: PageGeometry,
    private readonly adoptSheet: (path: string, scope: number | undefined) => void,
  ) {
    this.document = {
      createElement: (tag: string) => createElement(tag) as unknown as BackendElement,
      createTextNode: (text: string) => document.createTextNode(text) as unknown as BackendElement,
      createDocumentFragment: () => document.createDocumentFragment() as unknown as BackendElement,
    }
    this.listen()
  }

  destroy(): void {
    this.presses.forEach((press) => clearTimeout(press.timer))
    this.presses.clear()
  }

  getWindowWidth(): number { return window.innerWidth }
  getWindowHeight(): number { return window.innerHeight }
  getDevicePixelRatio(): number { return window.devicePixelRatio }
  getTheme(): string { return 'light' }
  registerStyleSheetContent(): void {}
  appendStyleSheetPath(path: string, scope?: number): number {
    this.adoptSheet(path, scope)
    return 0
  }
  disableStyleSheet(): void {}

  render(done: (error: Error | null) => void): void {
    queueMicrotask(() => done(null))
  }

  getRootNode(): BackendElement { return this.root as unknown as BackendElement }
  associateValue(element: BackendElement, value: GlassElement): void { element.__wxElement = value }
  /** DOM listeners are few and set once (listen); which elements listen does not matter here. */
  setListenerStats(): void {}
  /** Built-ins are components, so model bindings never reach raw elements. */
  setModelBindingStat(): void {}

  /** Events are dispatched by `fire`; glass-easel asks for no sink of its own. */
  onEvent(): void {}

  /** Fire an event on the glass-easel element that owns this DOM node. */
  private fire(node: Node | null, type: string, detail: unknown, original: Event, extraFields: { [key: string]: unknown }, bubbles = true): void {
    const target = ownerOf(node)
    if (!target) return
    const event = new GlassEvent(type, detail, { bubbles, composed: true, capturePhase: true, originalEvent: original, extraFields })
    GlassEvent.dispatchEvent(target, event)
    // A caught move stops scrolling; a caught tap must not keep an input from its focus.
    if (type === 'touchmove' && event.defaultPrevented() && original.cancelable) original.preventDefault()
  }

  private listen(): void {
    const { root } = this
    const touch = { capture: true, passive: false }
    for (const type of ['touchstart', 'touchmove', 'touchend', 'touchcancel']) {
      root.addEventListener(type, (event) => { this.lastTouch = event.timeStamp; this.touch(event as TouchEvent) }, touch)
    }
    root.addEventListener('mousedown', (event) => this.mouse(event as MouseEvent), { capture: true })
    root.addEventListener('eden:tap', (event) => {
      const { x, y } = (event as CustomEvent<{ x: number; y: number }>).detail
      const touches = [this.point({ identifier: 0, clientX: x, clientY: y })]
      this.tap(event.target as Node, touches[0]!, event, touches)
    })
    for (const type of ['transitionend', 'animationstart', 'animationiteration', 'animationend']) {
      root.addEventListener(type, (event) => {
        const { elapsedTime } = event as TransitionEvent
        const detail = { elapsedTime, propertyName: (event as TransitionEvent).propertyName, animationName: (event as AnimationEvent).animationName }
        this.fire(event.target as Node, type, detail, event, {})
      })
    }
  }

  private point(touch: { identifier: number; clientX: number; clientY: number; force?: number }): WeChatTouch {
    const { left, top } = this.geometry.origin()
    const clientX = touch.clientX - left
    const clientY = touch.clientY - top
    return { identifier: touch.identifier, clientX, clientY, pageX: clientX, pageY: clientY + this.geometry.scrollTop(), force: touch.force ?? 1 }
  }

  private touch(event: TouchEvent): void {
    const touches = Array.from(event.touches, (touch) => this.point(touch))
    const changedTouches = Array.from(event.changedTouches, (touch) => this.point(touch))
    this.gesture(event.type, event.target as Node, event, touches, changedTouches)
  }

  /** A mouse press acts as one touch; movement and release are followed on the window. */
  private mouse(down: MouseEvent): void {
    // Browsers fire mouse events after touches for compatibility; those are not presses of their own.
    if (down.button !== 0 || down.timeStamp - this.lastTouch < 800) return
    const target = down.target as Node
    const forward = (type: string) => (event: MouseEvent) => {
      const point = this.point({ identifier: 0, clientX: event.clientX, clientY: event.clientY })
      this.gesture(type, target, event, type === 'touchend' ? [] : [point], [point])
    }
    const move = forward('touchmove')
    const release = forward('touchend')
    const up = (event: MouseEvent) => {
      window.removeEventListener('mousemove', move, true)
      window.removeEventListener('mouseup', up, true)
      release(event)
    }
    window.addEventListener('mousemove', move, true)
    window.addEventListener('mouseup', up, true)
    forward('touchstart')(down)
  }

  private gesture(type: string, target: Node, event: Event, touches: WeChatTouch[], changedTouches: WeChatTouch[]): void {
    const detail = changedTouches[0] ? { x: changedTouches[0].pageX, y: changedTouches[0].pageY } : {}
    const fields = { touches, changedTouches }
    if (type === 'touchstart') {
      for (const touch of changedTouches) {
        const press: Press = { x: touch.clientX, y: touch.clientY, target, longPressed: false, timer: 0 }
        press.timer = window.setTimeout(() => {
          press.longPressed = hasListener(target, 'longpress') || hasListener(target, 'longtap')
          for (const name of ['longpress', 'longtap']) this.fire(target, name, { x: touch.pageX, y: touch.pageY }, event, { touches: [touch], changedTouches: [touch] })
        }, LONG_PRESS_MS)
        this.presses.set(touch.identifier, press)
      }
    }
    this.fire(target, type, detail, event, fields)
    for (const touch of changedTouches) {
      const press = this.presses.get(touch.identifier)
      if (!press || type === 'touchstart') continue
      const moved = Math.abs(press.x - touch.clientX) > TAP_SLOP || Math.abs(press.y - touch.clientY) > TAP_SLOP
      if (type === 'touchmove' && !moved) continue
      clearTimeout(press.timer)
      this.presses.delete(touch.identifier)
      if (type === 'touchend' && !moved && !press.longPressed) this.tap(press.target, touch, event, [])
      else if (type !== 'touchend' || moved) this.fire(press.target, 'canceltap', detail, event, fields)
    }
  }

  private tap(target: Node, touch: WeChatTouch, event: Event, touches: WeChatTouch[]): void {
    for (let node: Node | null = target; node; node = node.parentNode) {
      const builtin = builtinOf(node)
      if (builtin) {
        if ((builtin.props as { disabled?: unknown }).disabled === true && builtin.host.tagName === 'WX-BUTTON') return
        break
      }
    }
    this.fire(target, 'tap', { x: touch.pageX, y: touch.pageY }, event, { touches, changedTouches: [touch] })
  }
}

/** `wx-TAG`, with rpx understood in the style attribute. */
function createElement(tag: string): HTMLElement {
  const name = /^[a-zA-Z][\w.-]*$/.test(tag) ? tag : 'x'
  const element = document.createElement(`wx-${name}`)
  element.setAttribute = setAttribute
  return element
}

const setPlainAttribute = Element.prototype.setAttribute
function setAttribute(this: Element, name: string, value: unknown): void {
  if (value === false || value === undefined || value === null) this.removeAttribute(name)
  else setPlainAttribute.call(this, name, name === 'style' ? rpx(String(value)) : String(value))
}

/** The glass-easel element of the nearest DOM ancestor that has one. */
export function ownerOf(node: Node | null): GlassElement | undefined {
  for (let current = node; current; current = current.parentNode) {
    const element = (current as unknown as BackendElement).__wxElement
    if (element) return element
  }
  return undefined
}

function hasListener(node: Node, type: string): boolean {
  for (let current: Node | null = node; current; current = current.parentNode) {
    const element = (current as unknown as BackendElement).__wxElement as unknown as { _$eventTarget?: { listeners: { [type: string]: unknown } } } | undefined
    if (element?._$eventTarget?.listeners[type]) return true
  }
  return false
}
