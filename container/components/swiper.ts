/** `<swiper>` and `<swiper-item>`. */
import { animate, onDrag } from './drag'
import { length } from './icon'
import { Builtin, el } from './kit'

interface SwiperProps {
  indicatorDots: boolean
  indicatorColor: string
  indicatorActiveColor: string
  autoplay: boolean
  current: number
  currentItemId: string
  interval: number
  duration: number
  circular: boolean
  vertical: boolean
  previousMargin: string
  nextMargin: string
  displayMultipleItems: number
  snapToEdge: boolean
  skipHiddenItemLayout: boolean
  easingFunction: string
  disableTouch: boolean
}

type Source = '' | 'autoplay' | 'touch'

const cubicOut = (t: number) => 1 - (1 - t) ** 3
const cubicInOut = (t: number) => (t < 0.5 ? 4 * t ** 3 : 1 - (-2 * t + 2) ** 3 / 2)
const EASING: { [name: string]: (t: number) => number } = {
  default: cubicOut,
  linear: (t) => t,
  easeInCubic: (t) => t ** 3,
  easeOutCubic: cubicOut,
  easeInOutCubic: cubicInOut,
}

/** A swipe faster than this (px per ms) turns the page, however short. */
const FLICK = 0.25

/** Where item `index` of `count` stands relative to `position`, in items; circular ones come from the nearer side. */
export function placeOf(index: number, position: number, count: number, circular: boolean, leading: number): number {
  const offset = index - position
  if (!circular) return offset
  const low = -1 - leading
  return ((((offset - low) % count) + count) % count) + low
}

export class Swiper extends Builtin<SwiperProps> {
  static tag = 'swiper'
  static override properties = {
    indicatorDots: Boolean,
    indicatorColor: { type: String, value: 'rgba(0, 0, 0, .3)' },
    indicatorActiveColor: { type: String, value: '#000000' },
    autoplay: Boolean,
    current: Number,
    currentItemId: String,
    interval: { type: Number, value: 5000 },
    duration: { type: Number, value: 500 },
    circular: Boolean,
    vertical: Boolean,
    previousMargin: { type: String, value: '0px' },
    nextMargin: { type: String, value: '0px' },
    displayMultipleItems: { type: Number, value: 1 },
    snapToEdge: Boolean,
    skipHiddenItemLayout: Boolean,
    easingFunction: { type: String, value: 'default' },
    disableTouch: Boolean,
    cacheExtent: null,
  }
  static css = `wx-swiper{display:block;height:150px}
.wx-swiper-wrapper{position:relative;width:100%;height:100%;overflow:hidden;touch-action:pan-y}
.wx-swiper-vertical{touch-action:pan-x}
.wx-swiper-slides{position:absolute;inset:0}
.wx-swiper-dots{position:absolute;display:flex;pointer-events:none}
.wx-swiper-dots-horizontal{left:50%;bottom:10px;transform:translateX(-50%);white-space:nowrap}
.wx-swiper-dots-vertical{right:10px;top:50%;transform:translateY(-50%);flex-direction:column}
.wx-swiper-dot{width:8px;height:8px;border-radius:50%;transition-property:background-color;
transition-timing-function:ease}
.wx-swiper-dots-horizontal .wx-swiper-dot+.wx-swiper-dot{margin-left:8px}
.wx-swiper-dots-vertical .wx-swiper-dot+.wx-swiper-dot{margin-top:8px}
wx-swiper-item{display:block;position:absolute;overflow:hidden;top:0;left:0;width:100%;height:100%}`

  private readonly wrapper = el('div', 'wx-swiper-wrapper')
  private readonly slides = el('div', 'wx-swiper-slides')
  private readonly dots = el('div', 'wx-swiper-dots')
  private items: SwiperItem[] = []
  /** first shown item, fractional while moving */
  private position = 0
  private index = 0
  private stop: (() => void) | undefined
  private timer = 0
  private stale = false
  private dragging = false

  override create(): void {
    this.slot = this.slides
    this.wrapper.append(this.slides)
    this.host.append(this.wrapper)
    let from = 0
    onDrag(this.wrapper, {
      axis: () => (this.props.disableTouch || this.items.length < 2 ? 'none' : this.props.vertical ? 'y' : 'x'),
      down: () => this.pause(),
      claim: () => {
        this.stop?.()
        from = this.position
        return (this.dragging = true)
      },
      move: (dx, dy) => this.moveTo(this.bound(from - (this.props.vertical ? dy : dx) / this.itemSize)),
      end: (vx, vy) => {
        this.dragging = false
        this.released(this.props.vertical ? vy : vx)
      },
      release: () => this.schedule(),
    })
    this.host.addEventListener('keydown', (event) => {
      if (event.target !== this.host) return
      const [back, forward] = this.props.vertical ? ['ArrowUp', 'ArrowDown'] : ['ArrowLeft', 'ArrowRight']
      if (event.key !== back && event.key !== forward) return
      event.preventDefault()
      this.show(this.wrap(this.index + (event.key === forward ? 1 : -1)), 'touch', true, event.key === forward ? 1 : -1)
    })
  }

  override update(name: keyof SwiperProps, value: unknown, old: unknown): void {
    const { props } = this
    if (name === 'current') {
      if (old === undefined) this.index = this.position = Math.max(0, Number(value) || 0)
      else this.afterItems(() => this.show(this.clamp(Number(value) || 0), '', true))
    } else if (name === 'currentItemId') {
      if (value) this.afterItems(() => {
        const index = this.items.findIndex((item) => item.props.itemId === value)
        if (index >= 0) this.show(index, '', old !== undefined)
      })
    } else if (name === 'indicatorDots') {
      if (props.indicatorDots) this.wrapper.append(this.dots)
      else this.dots.remove()
    } else if (name === 'autoplay' || name === 'interval') this.schedule()
    else if (name !== 'easingFunction' && name !== 'duration' && name !== 'disableTouch') this.refresh()
  }

  override attached(): void {
    this.refresh()
    this.schedule()
  }

  override detached(): void {
    this.stop?.()
    this.pause()
  }

  /** Items came or went, or the layout changed; done once per rendering. */
  refresh(): void {
    if (this.stale) return
    this.stale = true
    queueMicrotask(() => {
      this.stale = false
      if (this.host.isConnected) this.layout()
    })
  }

  private afterItems(run: () => void): void {
    queueMicrotask(() => { if (this.host.isConnected) { this.layout(); run() } })
  }

  // ---- geometry ----------------------------------------------------------------------------------------------

  private get shown(): number {
    return Math.max(1, Math.floor(this.props.displayMultipleItems) || 1)
  }

  private get circular(): boolean {
    return this.props.circular && this.items.length > this.shown
  }

  private get itemSize(): number {
    const size = this.props.vertical ? this.slides.offsetHeight : this.slides.offsetWidth
    return size / this.shown || 1
  }

  private get lastIndex(): number {
    return Math.max(0, this.items.length - this.shown)
  }

  private clamp(index: number): number {
    return Math.min(this.circular ? Math.max(0, this.items.length - 1) : this.lastIndex, Math.max(0, Math.floor(index)))
  }

  private wrap(index: number): number {
    const count = this.items.length
    return this.circular ? ((index % count) + count) % count : this.clamp(index)
  }

  private layout(): void {
    const { props, slides, wrapper } = this
    this.items = [...slides.children].map((child) => SwiperItem.of.get(child)).filter((item) => item !== undefined)
    wrapper.classList.toggle('wx-swiper-vertical', props.vertical)
    const before = length(props.previousMargin, '0')
    const after = length(props.nextMargin, '0')
    slides.style.inset = props.vertical ? `${before} 0 ${after}` : `0 ${after} 0 ${before}`
    const index = this.clamp(this.index)
    if (!this.stop && !this.dragging) {
      this.index = index
      this.position = index
    }
    this.renderDots()
    this.moveTo(this.position, false)
  }

  private renderDots(): void {
    const { dots, items, props } = this
    dots.className = `wx-swiper-dots wx-swiper-dots-${props.vertical ? 'vertical' : 'horizontal'}`
    while (dots.childElementCount > items.length) dots.lastElementChild!.remove()
    while (dots.childElementCount < items.length) dots.append(el('div'))
    ;[...dots.children].forEach((dot, index) => {
      const span = index - this.index
      const active = (span >= 0 && span < this.shown) || (this.circular && span + items.length < this.shown)
      dot.className = active ? 'wx-swiper-dot wx-swiper-dot-active' : 'wx-swiper-dot'
      const color = active ? props.indicatorActiveColor : props.indicatorColor
      ;(dot as HTMLElement).style.cssText = `background-color:${color};transition-duration:${props.duration}ms`
    })
  }

  private moveTo(position: number, notify = true): void {
    const before = this.position
    this.position = position
    const { items, props, shown } = this
    const leading = parseFloat(props.previousMargin) > 0 ? 1 : 0
    const trailing = parseFloat(props.nextMargin) > 0 ? 1 : 0
    const share = 100 / shown
    let snap = 0
    // at the ends, snap-to-edge leaves no margin beside the first and last item
    if (props.snapToEdge && !this.circular && shown === 1) {
      if (position < 1) snap = leading ? Math.max(0, 1 - position) : 0
      else if (position > this.lastIndex - 1) snap = trailing ? -Math.max(0, 1 - (this.lastIndex - position)) : 0
    }
    const margin = length(snap > 0 ? props.previousMargin : props.nextMargin, '0px')
    const shift = snap === 0 ? '' : ` ${snap > 0 ? '-' : '+'} ${Math.abs(snap)} * ${margin}`
    items.forEach((item, index) => {
      const place = placeOf(index, position, items.length, this.circular, leading)
      const visible = place > -1 - leading && place < shown + trailing
      const at = `calc(${(place * 100).toFixed(3)}%${shift})`
      const size = props.vertical ? `height:${share}%;width:100%` : `width:${share}%;height:100%`
      const transform = props.vertical ? `translate(0,${at})` : `translate(${at},0)`
      item.styleHost(`${size};transform:${transform} translateZ(0)${visible ? '' : ';visibility:hidden'}`)
    })
    if (notify && position !== before) {
      const moved = (position - this.index) * this.itemSize
      this.trigger('transition', props.vertical ? { dx: 0, dy: moved } : { dx: moved, dy: 0 })
    }
  }

  // ---- movement ----------------------------------------------------------------------------------------------

  /** Without `circular` the ends give way only a little. */
  private bound(position: number): number {
    if (this.circular) return position
    const over = position < 0 ? position : position > this.lastIndex ? position - this.lastIndex : 0
    return over ? position - over + Math.sign(over) * (1 - 1 / (Math.abs(over) * 0.6 + 1)) * 0.6 : position
  }

  private released(velocity: number): void {
    const start = this.index
    const moved = this.position - start
    let target = Math.round(this.position)
    const flicked = Math.abs(velocity) > FLICK && Math.sign(moved) === -Math.sign(velocity)
    if (target === start && flicked) target += Math.sign(moved)
    if (!this.circular) target = this.clamp(target)
    this.animateTo(target, 'touch')
  }

  /** Go to an item; `direction` forces the way round for circular swipers. */
  private show(index: number, source: Source, animated: boolean, direction = 0): void {
    if (index === this.index && !this.stop) return
    let target = index
    if (this.circular && (direction !== 0 || source === 'autoplay')) {
      const count = this.items.length
      const way = direction || 1
      target = this.index + ((((index - this.index) * way) % count + count) % count) * way
    }
    if (animated && this.props.duration > 0) this.animateTo(target, source)
    else {
      this.stop?.()
      this.stop = undefined
      this.setIndex(this.wrap(target), source)
      this.moveTo(this.index, false)
      this.finished(source)
    }
  }

  private animateTo(target: number, source: Source): void {
    this.stop?.()
    const from = this.position
    const easing = EASING[this.props.easingFunction] ?? cubicOut
    const duration = Math.max(1, Number(this.props.duration) || 0)
    const span = from - this.index
    this.setIndex(this.wrap(target), source)
    // `index` moved by whole turns in a circular swiper: keep position on the same branch
    const base = this.index - (target - 0)
    const start = from + base
    this.position = start
    if (span === 0 && start === this.index) return this.finished(source)
    this.stop = animate((elapsed) => {
      const t = Math.min(1, elapsed / duration)
      this.moveTo(start + (this.index - start) * easing(t))
      if (t < 1) return true
      this.stop = undefined
      this.finished(source)
      return false
    })
  }

  private setIndex(index: number, source: Source): void {
    if (index === this.index) return
    this.index = index
    const currentItemId = this.items[index]?.props.itemId ?? ''
    this.props.current = index
    // the property follows the finger, so that the program can set the old value again
    this.set({ current: index })
    this.renderDots()
    this.trigger('change', { current: index, currentItemId, source })
  }

  private finished(source: Source): void {
    const currentItemId = this.items[this.index]?.props.itemId ?? ''
    this.trigger('animationfinish', { current: this.index, currentItemId, source })
    this.schedule()
  }

  private pause(): void {
    clearTimeout(this.timer)
  }

  private schedule(): void {
    clearTimeout(this.timer)
    if (!this.props.autoplay || !this.host.isConnected) return
    this.timer = window.setTimeout(() => {
      const { items } = this
      const unseen = document.hidden || this.host.offsetParent === null
      if (unseen || this.dragging || items.length <= this.shown) return this.schedule()
      const next = this.circular ? (this.index + 1) % items.length : this.index >= this.lastIndex ? 0 : this.index + 1
      this.show(next, 'autoplay', true)
    }, Math.max(100, Number(this.props.interval) || 5000))
  }
}

export class SwiperItem extends Builtin<{ itemId: string; skipHiddenItemLayout: boolean }> {
  static tag = 'swiper-item'
  static override properties = { itemId: String, skipHiddenItemLayout: Boolean }
  static readonly of = new WeakMap<Element, SwiperItem>()

  private swiper: Swiper | undefined

  override create(): void {
    SwiperItem.of.set(this.host, this)
  }

  override attached(): void {
    this.swiper = this.closest(Swiper)
    this.swiper?.refresh()
  }

  override detached(): void {
    this.swiper?.refresh()
    this.swiper = undefined
  }
}
