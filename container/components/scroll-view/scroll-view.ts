/** `<scroll-view>`: native scrolling inside; thresholds, targets, refresher and context as on WeChat. */
import type { Element as GlassElement } from 'glass-easel'
import { onDrag } from '../drag'
import { Builtin, el } from '../kit'
import { Momentum } from './momentum'
import { Refresher, type RefresherProps } from './refresher'

type Alignment = 'start' | 'center' | 'end' | 'nearest'

interface ScrollViewProps extends RefresherProps {
  scrollX: boolean
  scrollY: boolean
  upperThreshold: number | string
  lowerThreshold: number | string
  scrollTop: number | string
  scrollLeft: number | string
  scrollIntoView: string
  scrollIntoViewAlignment: Alignment
  scrollIntoViewOffset: number
  scrollIntoViewWithinExtent: boolean
  scrollWithAnimation: boolean
  enableBackToTop: boolean
  enableFlex: boolean
  scrollAnchoring: boolean
  enhanced: boolean
  bounces: boolean
  showScrollbar: boolean
  pagingEnabled: boolean
  fastDeceleration: boolean
  reverse: boolean
  clip: boolean
  padding: number[]
  type: string
}

/** Edge events of one direction are at least this far apart, ms (as on WeChat). */
const EDGE_INTERVAL = 200

export class ScrollView extends Builtin<ScrollViewProps> {
  static tag = 'scroll-view'
  static override properties = {
    scrollX: Boolean,
    scrollY: Boolean,
    upperThreshold: { type: null, value: 50 },
    lowerThreshold: { type: null, value: 50 },
    scrollTop: { type: null, value: '' },
    scrollLeft: { type: null, value: '' },
    scrollIntoView: String,
    scrollIntoViewAlignment: { type: String, value: 'start' },
    scrollIntoViewOffset: Number,
    scrollIntoViewWithinExtent: Boolean,
    scrollWithAnimation: Boolean,
    enableBackToTop: Boolean,
    enableFlex: Boolean,
    scrollAnchoring: Boolean,
    enhanced: Boolean,
    bounces: { type: Boolean, value: true },
    showScrollbar: { type: Boolean, value: true },
    pagingEnabled: Boolean,
    fastDeceleration: Boolean,
    enablePassive: null,
    usingSticky: Boolean,
    reverse: Boolean,
    clip: { type: Boolean, value: true },
    cacheExtent: null,
    minDragDistance: null,
    padding: null,
    type: { type: String, value: 'list' },
    associativeContainer: String,
    refresherEnabled: Boolean,
    refresherThreshold: { type: Number, value: 45 },
    refresherDefaultStyle: { type: String, value: 'black' },
    refresherBackground: { type: String, value: '' },
    refresherTriggered: Boolean,
    refresherTwoLevelEnabled: Boolean,
    refresherTwoLevelTriggered: Boolean,
    refresherTwoLevelThreshold: { type: Number, value: 150 },
    refresherTwoLevelCloseThreshold: { type: Number, value: 80 },
    refresherTwoLevelScrollEnabled: Boolean,
    refresherBallisticRefreshEnabled: Boolean,
    refresherTwoLevelPinned: Boolean,
  }
  static css = `wx-scroll-view{display:block;width:100%}
.eden-scroll{position:relative;box-sizing:border-box;width:100%;height:100%;max-height:inherit;overflow:hidden;
scrollbar-width:none;overscroll-behavior:contain}
.eden-scroll::-webkit-scrollbar{display:none}
.eden-scroll-x{overflow-x:auto}.eden-scroll-y{overflow-y:auto}
.eden-scroll-flex{display:inherit;flex-flow:inherit;align-items:inherit;align-content:inherit;
justify-content:inherit;gap:inherit}
:where(.eden-scroll-host){position:relative}:where(.eden-scroll-pull){overflow:hidden}
.eden-refresher{position:absolute;top:0;left:0;right:0;overflow:hidden;display:flex;justify-content:center;
align-items:flex-end}
.eden-refresher-dots{display:flex;gap:6px;padding:12px 0 19px}
.eden-refresher-dots i{width:8px;height:8px;border-radius:50%;background:currentColor;opacity:.35}
.eden-refreshing .eden-refresher-dots i{animation:eden-dots 1.2s infinite}
.eden-refreshing .eden-refresher-dots i:nth-child(2){animation-delay:.2s}
.eden-refreshing .eden-refresher-dots i:nth-child(3){animation-delay:.4s}
@keyframes eden-dots{0%,60%,100%{opacity:.25}30%{opacity:.8}}
.eden-bar{position:absolute;pointer-events:none;border-radius:2px;background:rgba(128,128,128,.6);opacity:0;
transition:opacity .3s .5s;z-index:1}
.eden-bar-on{opacity:1;transition:none}`

  readonly main = el('div', 'eden-scroll')
  private refresher: Refresher | undefined
  private readonly momentum = new Momentum(this.main, () => this.props.pagingEnabled)
  private readonly last = { left: 0, top: 0, upper: 0, lower: 0 }
  private bars: { x: HTMLElement; y: HTMLElement } | undefined
  private barTimer = 0

  override create(): void {
    this.slot = this.main
    this.host.append(this.main)
    this.main.addEventListener('scroll', () => this.scrolled(), { passive: true })
    this.main.addEventListener('scrollend', () => this.momentum.settle())
    onDrag(this.main, {
      axis: () => {
        const { scrollX, scrollY } = this.props
        return scrollX && scrollY ? 'both' : scrollX ? 'x' : scrollY ? 'y' : 'none'
      },
      down: () => this.momentum.stop(),
      // at an edge the gesture belongs to whoever is outside
      claim: (dx, dy) => this.canScroll(dx, dy),
      move: (dx, dy) => this.momentum.drag(this.props.scrollX ? dx : 0, this.props.scrollY ? dy : 0),
      end: (vx, vy) => this.momentum.fling(this.props.scrollX ? vx : 0, this.props.scrollY ? vy : 0),
    }, { mouseOnly: true })
    this.followFinger()
  }

  override get scroller(): HTMLElement {
    return this.main
  }

  override update(name: keyof ScrollViewProps): void {
    const { main, props } = this
    if (name === 'scrollX') main.classList.toggle('eden-scroll-x', props.scrollX)
    else if (name === 'scrollY') main.classList.toggle('eden-scroll-y', props.scrollY)
    else if (name === 'enableFlex') main.classList.toggle('eden-scroll-flex', props.enableFlex)
    else if (name === 'scrollAnchoring') main.style.overflowAnchor = props.scrollAnchoring ? 'auto' : 'none'
    else if (name === 'clip') main.style.overflow = props.clip ? '' : 'visible'
    else if (name === 'padding') main.style.padding = (props.padding ?? []).map((side) => `${side}px`).join(' ')
    else if (name === 'scrollTop' || name === 'scrollLeft') this.afterRender(() => this.scrollToProperty(name))
    else if (name === 'scrollIntoView') this.afterRender(() => this.intoView(`#${this.props.scrollIntoView}`))
    else if (name.startsWith('refresher')) {
      if (props.refresherEnabled || this.refresher) {
        this.refresher ??= new Refresher(this)
        this.refresher.update(name as keyof RefresherProps)
      }
    }
  }

  /** Targets of one setData may come into the tree after this property, so they are looked up once it is done. */
  private afterRender(run: () => void): void {
    queueMicrotask(() => { if (this.host.isConnected) this.rt.guard('<scroll-view>', run) })
  }

  private scrollToProperty(name: 'scrollTop' | 'scrollLeft'): void {
    const value = this.props[name]
    if (value === '' || value === null || Number.isNaN(Number(value))) return
    const enabled = name === 'scrollTop' ? this.props.scrollY : this.props.scrollX
    if (!enabled || this.main[name] === Number(value)) return
    this.scroll(name === 'scrollTop' ? { top: Number(value) } : { left: Number(value) })
  }

  private scroll(to: { top?: number; left?: number }, smooth = this.props.scrollWithAnimation): void {
    this.momentum.stop()
    this.main.scrollTo({ ...to, behavior: smooth ? 'smooth' : 'instant' })
  }

  private intoView(selector: string, alignment = this.props.scrollIntoViewAlignment, smooth?: boolean): void {
    const target = this.target(selector)
    if (!target) return
    const box = target.getBoundingClientRect()
    const view = this.main.getBoundingClientRect()
    const offset = Number(this.props.scrollIntoViewOffset) || 0
    const place = (start: number, size: number, viewSize: number, scroll: number) => {
      const before = start + scroll
      if (alignment === 'center') return before - (viewSize - size) / 2 + offset
      if (alignment === 'end') return before - (viewSize - size) + offset
      if (alignment === 'nearest') {
        if (start >= 0 && start + size <= viewSize) return scroll
        return start < 0 ? before + offset : before - (viewSize - size) + offset
      }
      return before + offset
    }
    const to: { top?: number; left?: number } = {}
    if (this.props.scrollY) to.top = place(box.top - view.top, box.height, view.height, this.main.scrollTop)
    if (this.props.scrollX) to.left = place(box.left - view.left, box.width, view.width, this.main.scrollLeft)
    this.scroll(to, smooth)
  }

  /** By the id as the program wrote it; components may carry another one in the DOM. */
  private target(selector: string): Element | undefined {
    if (!selector.startsWith('#')) return this.main.querySelector(selector) ?? undefined
    const id = selector.slice(1)
    const idOf = (element: Element) => (element as { __wxElement?: GlassElement }).__wxElement?.id ?? element.id
    return id ? [...this.main.querySelectorAll('[id]')].find((element) => idOf(element) === id) : undefined
  }

  private canScroll(dx: number, dy: number): boolean {
    const { main, props: { scrollX, scrollY } } = this
    const room = (delta: number, position: number, limit: number) => delta > 0 ? position > 0 : position < limit - 1
    return (scrollX && Math.abs(dx) > Math.abs(dy) && room(dx, main.scrollLeft, main.scrollWidth - main.clientWidth)) ||
      (scrollY && Math.abs(dy) >= Math.abs(dx) && room(dy, main.scrollTop, main.scrollHeight - main.clientHeight))
  }

  private scrolled(): void {
    const { main, last, props } = this
    const { scrollLeft, scrollTop, scrollWidth, scrollHeight } = main
    const deltaX = last.left - scrollLeft
    const deltaY = last.top - scrollTop
    if (deltaX === 0 && deltaY === 0) return
    last.left = scrollLeft
    last.top = scrollTop
    const dragged = props.enhanced && { isDrag: this.touching }
    this.trigger('scroll', { scrollLeft, scrollTop, scrollWidth, scrollHeight, deltaX, deltaY, ...dragged })
    if (props.scrollY) this.edges(scrollTop, main.clientHeight, scrollHeight, deltaY, 'top', 'bottom')
    if (props.scrollX) this.edges(scrollLeft, main.clientWidth, scrollWidth, deltaX, 'left', 'right')
    if (props.showScrollbar) this.showBars()
  }

  private edges(position: number, view: number, total: number, delta: number, upper: string, lower: string): void {
    const now = Date.now()
    const { last, props } = this
    if (delta > 0 && position <= Number(props.upperThreshold) && now - last.upper > EDGE_INTERVAL) {
      last.upper = now
      this.trigger('scrolltoupper', { direction: upper })
    }
    if (delta < 0 && position + view + Number(props.lowerThreshold) >= total && now - last.lower > EDGE_INTERVAL) {
      last.lower = now
      this.trigger('scrolltolower', { direction: lower })
    }
  }

  /** A thin indicator while scrolling; it takes no room, unlike a desktop browser's bar. */
  private showBars(): void {
    const { main, host, props } = this
    if (!this.bars) {
      host.classList.add('eden-scroll-host')
      this.bars = { x: el('div', 'eden-bar'), y: el('div', 'eden-bar') }
      host.append(this.bars.x, this.bars.y)
    }
    const { x, y } = this.bars
    const place = (bar: HTMLElement, view: number, total: number, position: number, vertical: boolean) => {
      const on = (vertical ? props.scrollY : props.scrollX) && total > view + 1
      bar.classList.toggle('eden-bar-on', on)
      if (!on) return
      const size = Math.max(24, (view * view) / total)
      const start = (position / (total - view)) * (view - size - 4) + 2
      bar.style.cssText = vertical
        ? `width:3px;right:2px;height:${size}px;top:${main.offsetTop + start}px`
        : `height:3px;bottom:2px;width:${size}px;left:${main.offsetLeft + start}px`
    }
    place(x, main.clientWidth, main.scrollWidth, main.scrollLeft, false)
    place(y, main.clientHeight, main.scrollHeight, main.scrollTop, true)
    clearTimeout(this.barTimer)
    this.barTimer = window.setTimeout(() => { for (const each of [x, y]) each.classList.remove('eden-bar-on') }, 400)
  }

  // ---- enhanced: the finger's own events ---------------------------------------------------------------------

  private touching = false

  private followFinger(): void {
    const { main } = this
    let before = { left: 0, top: 0, time: 0, vx: 0, vy: 0 }
    let dragging = false
    const offset = () => ({ scrollTop: main.scrollTop, scrollLeft: main.scrollLeft })
    main.addEventListener('touchstart', (event) => {
      this.touching = true
      dragging = false
      this.momentum.stop()
      before = { left: main.scrollLeft, top: main.scrollTop, time: event.timeStamp, vx: 0, vy: 0 }
    }, { passive: true })
    main.addEventListener('touchmove', (event) => {
      if (!this.props.enhanced) return
      if (!dragging) this.trigger('dragstart', offset())
      else this.trigger('dragging', offset())
      dragging = true
      const time = Math.max(1, event.timeStamp - before.time)
      before = {
        left: main.scrollLeft, top: main.scrollTop, time: event.timeStamp,
        vx: (main.scrollLeft - before.left) / time, vy: (main.scrollTop - before.top) / time,
      }
    }, { passive: true })
    const end = () => {
      this.touching = false
      const velocity = { x: before.vx, y: before.vy }
      if (dragging && this.props.enhanced) this.trigger('dragend', { ...offset(), velocity })
      dragging = false
    }
    main.addEventListener('touchend', end)
    main.addEventListener('touchcancel', end)
  }

  // ---- ScrollViewContext -------------------------------------------------------------------------------------

  override node(): unknown {
    const view = this
    return {
      scrollTo: (options: { top?: number; left?: number; animated?: boolean } = {}) => {
        const { top, left, animated } = options
        view.scroll({ ...(top !== undefined && { top }), ...(left !== undefined && { left }) }, Boolean(animated))
      },
      scrollIntoView: (selector: string, options: { alignment?: Alignment; animated?: boolean } = {}) =>
        view.intoView(selector, options.alignment, options.animated),
      triggerRefresh: () => view.refresher?.start(),
      closeRefresh: () => view.refresher?.close(),
      triggerTwoLevel: () => view.refresher?.start(),
      closeTwoLevel: () => view.refresher?.close(),
      get scrollEnabled() { return view.main.style.overflow !== 'hidden' },
      set scrollEnabled(on: boolean) { view.main.style.overflow = on ? '' : 'hidden' },
      get showScrollbar() { return view.props.showScrollbar },
      set showScrollbar(on: boolean) { view.props.showScrollbar = on },
      get pagingEnabled() { return view.props.pagingEnabled },
      set pagingEnabled(on: boolean) { view.props.pagingEnabled = on },
      bounces: true,
      fastDeceleration: false,
      decelerationDisabled: false,
    }
  }

  override context(): unknown {
    return this.node()
  }
}
