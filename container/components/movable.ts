/** `<movable-area>` and `<movable-view>`: dragging, inertia, damping and scaling inside a fixed area. */
import { animate, onDrag } from './drag'
import { Builtin, rpx } from './kit'

interface AreaProps {
  scaleArea: boolean
}

export class MovableArea extends Builtin<AreaProps> {
  static tag = 'movable-area'
  static override properties = { scaleArea: Boolean }
  static css = 'wx-movable-area{display:block;position:relative;width:10px;height:10px}'

  readonly views = new Set<MovableView>()

  override create(): void {
    onPinch(this.host, () => (this.props.scaleArea ? [...this.views] : []))
    this.resized = new ResizeObserver(() => this.views.forEach((view) => view.fit()))
  }

  private resized!: ResizeObserver

  override attached(): void {
    this.resized.observe(this.host)
  }

  override detached(): void {
    this.resized.disconnect()
  }
}

interface ViewProps {
  direction: 'all' | 'vertical' | 'horizontal' | 'none'
  inertia: boolean
  outOfBounds: boolean
  x: number | string
  y: number | string
  damping: number
  friction: number
  disabled: boolean
  scale: boolean
  scaleMin: number
  scaleMax: number
  scaleValue: number
  animation: boolean
}

type Source = '' | 'touch' | 'touch-out-of-bounds' | 'out-of-bounds' | 'friction'

/** px from a number, "10", "10px" or "10rpx". */
const px = (value: number | string): number => {
  const text = rpx(String(value ?? 0))
  const number = parseFloat(text) || 0
  return text.endsWith('vw') ? (number * window.innerWidth) / 100 : number
}

export class MovableView extends Builtin<ViewProps> {
  static tag = 'movable-view'
  // `animation` is this component's own Boolean here, not the export of wx.createAnimation
  static override properties = {
    direction: { type: String, value: 'none' },
    inertia: Boolean,
    outOfBounds: Boolean,
    x: { type: null, value: 0 },
    y: { type: null, value: 0 },
    damping: { type: Number, value: 20 },
    friction: { type: Number, value: 2 },
    disabled: Boolean,
    scale: Boolean,
    scaleMin: { type: Number, value: 0.5 },
    scaleMax: { type: Number, value: 10 },
    scaleValue: { type: Number, value: 1 },
    animation: { type: Boolean, value: true },
  }
  static css = `wx-movable-view{display:inline-block;position:absolute;top:0;left:0;width:10px;height:10px;
will-change:transform}
.eden-movable-all{touch-action:none}.eden-movable-horizontal{touch-action:pan-y}.eden-movable-vertical{
touch-action:pan-x}`

  private area: MovableArea | undefined
  private x = 0
  private y = 0
  private zoom = 1
  private stop: (() => void) | undefined

  override create(): void {
    let from = { x: 0, y: 0 }
    onDrag(this.host, {
      axis: () => {
        const { direction, disabled } = this.props
        if (disabled || direction === 'none') return 'none'
        return direction === 'all' ? 'both' : direction === 'horizontal' ? 'x' : 'y'
      },
      claim: (dx, dy) => {
        this.stop?.()
        from = { x: this.x, y: this.y }
        this.trigger(Math.abs(dx) > Math.abs(dy) ? 'htouchmove' : 'vtouchmove')
        return true
      },
      move: (dx, dy) => {
        const { direction } = this.props
        this.dragTo(from.x + (direction === 'vertical' ? 0 : dx), from.y + (direction === 'horizontal' ? 0 : dy))
      },
      end: (vx, vy) => {
        const { direction } = this.props
        this.released(direction === 'vertical' ? 0 : vx, direction === 'horizontal' ? 0 : vy)
      },
    })
    onPinch(this.host, () => [this])
  }

  override update(name: keyof ViewProps, _value: unknown, old: unknown): void {
    const { props } = this
    if (name === 'direction') {
      for (const each of ['all', 'horizontal', 'vertical']) {
        this.host.classList.toggle(`eden-movable-${each}`, props.direction === each)
      }
    } else if ((name === 'x' || name === 'y') && old !== undefined) {
      queueMicrotask(() => this.moveTo(px(props.x), px(props.y), props.animation))
    } else if (name.startsWith('scale') && old !== undefined) {
      this.scaleTo(props.scale ? Number(props.scaleValue) || 1 : 1, '')
    }
  }

  override attached(): void {
    this.area = this.closest(MovableArea)
    this.area?.views.add(this)
    if (this.props.scale) this.zoom = this.limitScale(Number(this.props.scaleValue) || 1)
    // children give the view its size; they are in place after this rendering
    queueMicrotask(() => { if (this.host.isConnected) this.settle(px(this.props.x), px(this.props.y)) })
  }

  override detached(): void {
    this.stop?.()
    this.area?.views.delete(this)
    this.area = undefined
  }

  /** The area changed its size. */
  fit(): void {
    if (!this.stop) this.settle(this.x, this.y)
  }

  // ---- bounds ------------------------------------------------------------------------------------------------

  /** Allowed x and y of the view's top left corner, unscaled; a view larger than the area may not leave a gap. */
  private bounds(): { left: number; right: number; top: number; bottom: number } {
    const { host, zoom } = this
    const areaWidth = this.area?.host.clientWidth ?? Infinity
    const areaHeight = this.area?.host.clientHeight ?? Infinity
    const width = host.offsetWidth
    const height = host.offsetHeight
    // the transform's origin is the middle, so scaling moves the corner
    const shiftX = ((zoom - 1) * width) / 2 - host.offsetLeft
    const shiftY = ((zoom - 1) * height) / 2 - host.offsetTop
    const roomX = areaWidth - width * zoom
    const roomY = areaHeight - height * zoom
    return {
      left: Math.min(0, roomX) + shiftX, right: Math.max(0, roomX) + shiftX,
      top: Math.min(0, roomY) + shiftY, bottom: Math.max(0, roomY) + shiftY,
    }
  }

  private clamp(x: number, y: number): { x: number; y: number; out: boolean } {
    const { left, right, top, bottom } = this.bounds()
    const inX = Math.min(right, Math.max(left, x))
    const inY = Math.min(bottom, Math.max(top, y))
    return { x: inX, y: inY, out: inX !== x || inY !== y }
  }

  // ---- movement ----------------------------------------------------------------------------------------------

  private settle(x: number, y: number): void {
    const to = this.clamp(x, y)
    this.place(to.x, to.y, '')
  }

  private place(x: number, y: number, source: Source): void {
    const moved = x !== this.x || y !== this.y
    this.x = x
    this.y = y
    this.styleHost(`transform:translate(${x.toFixed(2)}px,${y.toFixed(2)}px) scale(${this.zoom})`)
    if (moved) this.trigger('change', { x: round(x), y: round(y), source })
  }

  private dragTo(x: number, y: number): void {
    const to = this.clamp(x, y)
    if (!to.out) return this.place(x, y, 'touch')
    if (!this.props.outOfBounds) return this.place(to.x, to.y, 'touch')
    const give = (wanted: number, limit: number) =>
      limit + Math.sign(wanted - limit) * Math.sqrt(Math.abs(wanted - limit)) * 2
    this.place(x === to.x ? x : give(x, to.x), y === to.y ? y : give(y, to.y), 'touch-out-of-bounds')
  }

  private released(vx: number, vy: number): void {
    const { inertia, friction } = this.props
    const now = this.clamp(this.x, this.y)
    if (now.out) return this.springTo(now.x, now.y, 'out-of-bounds')
    if (!inertia || Math.hypot(vx, vy) < 0.05) return
    // friction slows down evenly: `friction` 2 stops 1 px/ms in 500 ms
    const speed = Math.hypot(vx, vy)
    const slow = Math.max(0.0002, friction / 1000)
    const time = speed / slow
    const from = { x: this.x, y: this.y }
    this.stop?.()
    this.stop = animate((elapsed) => {
      const t = Math.min(elapsed, time)
      const reach = speed * t - (slow * t * t) / 2
      const x = from.x + (vx / speed) * reach
      const y = from.y + (vy / speed) * reach
      const to = this.clamp(x, y)
      this.place(to.x, to.y, to.out ? 'out-of-bounds' : 'friction')
      if (t < time && !to.out) return true
      this.stop = undefined
      return false
    })
  }

  /** Critically damped spring; greater damping is faster, as the attribute says. */
  private springTo(x: number, y: number, source: Source): void {
    const from = { x: this.x, y: this.y }
    const rate = Math.max(1, Number(this.props.damping) || 20) / 1000
    this.stop?.()
    this.stop = animate((elapsed) => {
      const left = (1 + rate * elapsed) * Math.exp(-rate * elapsed)
      const done = left * Math.hypot(from.x - x, from.y - y) < 0.3
      this.place(done ? x : x + (from.x - x) * left, done ? y : y + (from.y - y) * left, source)
      if (done) this.stop = undefined
      return !done
    })
  }

  private moveTo(x: number, y: number, animated: boolean): void {
    if (!this.host.isConnected) return
    const to = this.clamp(x, y)
    if (to.x === this.x && to.y === this.y) return
    if (animated) this.springTo(to.x, to.y, '')
    else this.place(to.x, to.y, '')
  }

  private limitScale(scale: number): number {
    const min = Math.max(0.1, Number(this.props.scaleMin) || 0.1)
    return Math.min(Math.max(min, Number(this.props.scaleMax) || 10), Math.max(min, scale))
  }

  get canScale(): boolean {
    return this.props.scale && !this.props.disabled
  }

  get currentScale(): number {
    return this.zoom
  }

  scaleTo(scale: number, source: Source): void {
    const next = this.limitScale(scale)
    if (next === this.zoom) return
    this.zoom = next
    const to = this.clamp(this.x, this.y)
    this.place(to.x, to.y, source)
    this.trigger('scale', { x: round(to.x), y: round(to.y), scale: next })
  }
}

const round = (value: number): number => Math.round(value * 10) / 10

/** Two fingers, or the wheel with Ctrl, scale the views that `targets` names. */
function onPinch(element: HTMLElement, targets: () => MovableView[]): void {
  let start: { distance: number; scales: Map<MovableView, number> } | undefined
  const distance = (touches: TouchList) =>
    Math.hypot(touches[0]!.clientX - touches[1]!.clientX, touches[0]!.clientY - touches[1]!.clientY)
  const able = () => targets().filter((view) => view.canScale)
  element.addEventListener('touchstart', (event) => {
    if (event.touches.length !== 2) return
    start = { distance: distance(event.touches), scales: new Map(able().map((view) => [view, view.currentScale])) }
  }, { passive: true })
  element.addEventListener('touchmove', (event) => {
    if (!start || event.touches.length !== 2 || start.scales.size === 0) return
    if (event.cancelable) event.preventDefault()
    const factor = distance(event.touches) / start.distance
    start.scales.forEach((scale, view) => view.scaleTo(scale * factor, 'touch'))
  }, { passive: false })
  element.addEventListener('touchend', (event) => { if (event.touches.length < 2) start = undefined })
  element.addEventListener('wheel', (event) => {
    if (!event.ctrlKey) return
    const views = able()
    if (views.length === 0) return
    event.preventDefault()
    views.forEach((view) => view.scaleTo(view.currentScale * Math.exp(-event.deltaY / 300), 'touch'))
  }, { passive: false })
}
