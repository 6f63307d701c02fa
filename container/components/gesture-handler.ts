/**
 * Gesture handlers of the Skyline renderer (`<pan-gesture-handler worklet:ongesture="f">` …). Their callbacks run in
 * this thread, as worklets do here.
 */
import { Component as GlassComponent, type GeneralComponent } from 'glass-easel'
import { onDrag } from './drag'
import { Builtin, type BuiltinClass } from './kit'

/** As `GestureState` counts. */
enum State { possible, begin, active, end, cancelled }

interface Point {
  x: number
  y: number
}

type Fields = { [name: string]: unknown }

abstract class GestureHandler extends Builtin<{ nativeView: string }> {
  static override properties = { tag: null, nativeView: null, simultaneousHandlers: null }

  private readonly callbacks = new Map<string, unknown>()

  override create(): void {
    this.component.addLifetimeListener('workletChange', (name: string, value: unknown) => {
      this.callbacks.set(name.toLowerCase(), value)
    })
    this.listen()
  }

  protected abstract listen(): void

  private callback(name: string): ((...args: unknown[]) => unknown) | undefined {
    const value = this.callbacks.get(name)
    const owner = this.component.ownerShadowRoot?.getHostNode() as GeneralComponent | undefined
    const method = typeof value === 'function' ? value : owner && GlassComponent.getMethod(owner, String(value))
    return typeof method === 'function' ? method.bind(owner!.getMethodCaller()) : undefined
  }

  /** Call the author's handler; false of `should-accept-gesture` refuses the gesture. */
  protected gesture(state: State, at: Point, fields: Fields = {}): void {
    const box = this.host.getBoundingClientRect()
    const first = this.host.firstElementChild?.getBoundingClientRect() ?? box
    this.rt.guard('gesture', () => this.callback('ongesture')?.({
      state, absoluteX: at.x, absoluteY: at.y, localX: at.x - first.left, localY: at.y - first.top, pointerCount: 1,
      ...fields,
    }))
  }

  protected accepts(at: Point): boolean {
    return ['should-accept-gesture', 'should-response-on-move'].every((name) => {
      const answer = this.callback(name) ?? this.callback(name.replaceAll('-', ''))
      return !answer || this.rt.guard('gesture', () => answer({ absoluteX: at.x, absoluteY: at.y })) !== false
    })
  }
}

const pointOf = (event: Event): Point => {
  const touch = 'changedTouches' in event ? (event as TouchEvent).changedTouches[0] : (event as MouseEvent)
  return { x: touch?.clientX ?? 0, y: touch?.clientY ?? 0 }
}

const panHandler = (tagName: string, axis: 'x' | 'y' | 'both'): BuiltinClass => class extends GestureHandler {
  static tag = tagName

  protected listen(): void {
    let start: Point = { x: 0, y: 0 }
    let last: Point = start
    onDrag(this.host, {
      // a native view (scroll-view, swiper) goes on handling its own gesture
      axis: () => (this.props.nativeView ? 'none' : axis),
      down: (event) => { start = last = pointOf(event) },
      claim: () => {
        if (!this.accepts(start)) return false
        const still = { translationX: 0, translationY: 0, deltaX: 0, deltaY: 0, velocityX: 0, velocityY: 0 }
        this.gesture(State.begin, start, still)
        last = { x: 0, y: 0 }
        return true
      },
      move: (dx, dy) => {
        this.gesture(State.active, { x: start.x + dx, y: start.y + dy }, {
          translationX: dx, translationY: dy, deltaX: dx - last.x, deltaY: dy - last.y, velocityX: 0, velocityY: 0,
        })
        last = { x: dx, y: dy }
      },
      end: (vx, vy) => this.gesture(State.end, { x: start.x + last.x, y: start.y + last.y }, {
        translationX: last.x, translationY: last.y, deltaX: 0, deltaY: 0, velocityX: vx * 1000, velocityY: vy * 1000,
      }),
    })
  }
}

/** Handlers of gestures that the page's backend already recognises. */
const tapHandler = (tagName: string, event: string, taps = 1): BuiltinClass => class extends GestureHandler {
  static tag = tagName

  private count = 0
  private time = 0

  protected listen(): void {}

  override attached(): void {
    if (this.time) return
    this.time = 1
    this.component.addListener(event, ((fired: { detail: Point }) => {
      const now = performance.now()
      this.count = now - this.time < 350 ? this.count + 1 : 1
      this.time = now
      if (this.count < taps || !this.accepts(fired.detail)) return
      this.count = 0
      this.gesture(State.end, fired.detail)
    }) as never)
  }
}

class ScaleGestureHandler extends GestureHandler {
  static tag = 'scale-gesture-handler'

  protected listen(): void {
    let start = 0
    let scale = 1
    const middle = ({ touches }: TouchEvent): Point & { distance: number } => {
      const [a, b] = [touches[0]!, touches[1] ?? touches[0]!]
      const distance = Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY)
      return { x: (a.clientX + b.clientX) / 2, y: (a.clientY + b.clientY) / 2, distance }
    }
    const send = (state: State, at: Point) => this.gesture(state, at, {
      scale, horizontalScale: scale, verticalScale: scale, rotation: 0, focalX: at.x, focalY: at.y, pointerCount: 2,
    })
    let at: Point = { x: 0, y: 0 }
    this.host.addEventListener('touchstart', (event) => {
      if (event.touches.length !== 2) return
      const point = middle(event)
      if (!this.accepts(point)) return
      start = point.distance
      scale = 1
      send(State.begin, (at = point))
    }, { passive: true })
    this.host.addEventListener('touchmove', (event) => {
      if (!start || event.touches.length !== 2) return
      if (event.cancelable) event.preventDefault()
      const point = middle(event)
      scale = point.distance / start
      send(State.active, (at = point))
    }, { passive: false })
    this.host.addEventListener('touchend', () => {
      if (start) send(State.end, at)
      start = 0
    })
  }
}

export const GESTURE_HANDLERS: BuiltinClass[] = [
  panHandler('pan-gesture-handler', 'both'),
  panHandler('horizontal-drag-gesture-handler', 'x'),
  panHandler('vertical-drag-gesture-handler', 'y'),
  tapHandler('tap-gesture-handler', 'tap'),
  tapHandler('double-tap-gesture-handler', 'tap', 2),
  tapHandler('long-press-gesture-handler', 'longpress'),
  tapHandler('force-press-gesture-handler', 'longpress'),
  ScaleGestureHandler,
]
GESTURE_HANDLERS[0]!.css = `${GESTURE_HANDLERS.map(({ tag }) => `wx-${tag}`).join(',')}{display:contents}`
