/**
 * One column of a picker: items of equal height that turn behind a window, with momentum, and always come to rest on
 * an item. Fingers, mouse, mouse wheel and keyboard; WAI-ARIA role spinbutton.
 */
import { animate, onDrag } from './drag'

export interface WheelHooks {
  count(): number
  /** what assistive technology reads for an item */
  text(index: number): string
  started?(): void
  /** another item came into the window; `settled` once it rests there */
  moved(index: number, settled: boolean): void
}

/** A wheel released at v px/ms runs on for v × this many px. */
const MOMENTUM = 220
/** Beyond its ends a wheel follows only this part of the finger's way. */
const RESISTANCE = 0.35
/** After so many ms without a turn the mouse wheel counts as released. */
const WHEEL_REST = 120
const PAGE = 5

const easeOut = (t: number): number => 1 - (1 - t) ** 3

const still = (): boolean => window.matchMedia('(prefers-reduced-motion: reduce)').matches

export class Wheel {
  index = 0
  private itemHeight = 34
  /** how far the content has been moved up, px */
  private offset = 0
  private stop: (() => void) | undefined
  private wheelTimer = 0
  /** the press under way turned the wheel, so the click it ends with means nothing */
  private dragged = false

  /** `content` stands so in `viewport` that its first item is in the window. */
  constructor(readonly viewport: HTMLElement, readonly content: HTMLElement, private readonly hooks: WheelHooks) {
    viewport.tabIndex = 0
    viewport.setAttribute('role', 'spinbutton')
    let from = 0
    onDrag(viewport, {
      axis: () => 'y',
      down: () => {
        this.dragged = false
        this.halt()
      },
      claim: (_, dy) => {
        this.dragged = true
        from = this.offset - dy
        hooks.started?.()
        return true
      },
      move: (_, dy) => this.place(this.resist(from - dy)),
      end: (_, vy) => this.turnTo(this.offset - vy * MOMENTUM),
      release: () => this.turnTo(this.offset),
    })
    viewport.addEventListener('wheel', (event) => this.rolled(event), { passive: false })
    viewport.addEventListener('click', (event) => this.pressed(event))
    viewport.addEventListener('keydown', (event) => this.key(event))
  }

  /** Height of an item, px. */
  layout(itemHeight: number): void {
    this.itemHeight = itemHeight || 1
    if (!this.stop) this.place(this.index * this.itemHeight)
  }

  /** Stand at an item; nothing is reported. */
  select(index: number): void {
    this.halt()
    this.index = this.clamp(index)
    this.place(this.index * this.itemHeight)
    this.describe()
  }

  /** Tell assistive technology where the wheel stands. */
  describe(): void {
    const { viewport, hooks, index } = this
    viewport.setAttribute('aria-valuemin', '0')
    viewport.setAttribute('aria-valuemax', String(Math.max(0, hooks.count() - 1)))
    viewport.setAttribute('aria-valuenow', String(index))
    viewport.setAttribute('aria-valuetext', hooks.text(index))
  }

  halt(): void {
    this.stop?.()
    this.stop = undefined
  }

  private clamp(index: number): number {
    return Math.max(0, Math.min(Math.trunc(index) || 0, this.hooks.count() - 1))
  }

  private get end(): number {
    return Math.max(0, (this.hooks.count() - 1) * this.itemHeight)
  }

  private resist(offset: number): number {
    if (offset < 0) return offset * RESISTANCE
    return offset > this.end ? this.end + (offset - this.end) * RESISTANCE : offset
  }

  private place(offset: number): void {
    this.offset = offset
    this.content.style.transform = `translateY(${-offset}px)`
  }

  /** Roll to the item nearest to `offset`. */
  private turnTo(offset: number): void {
    this.halt()
    const index = this.clamp(Math.round(offset / this.itemHeight))
    const from = this.offset
    const way = index * this.itemHeight - from
    const finish = () => {
      this.stop = undefined
      this.place(index * this.itemHeight)
      this.hooks.moved(index, true)
    }
    const changed = index !== this.index
    this.index = index
    this.describe()
    if (changed) this.hooks.moved(index, false)
    if (Math.abs(way) < 1 || still()) return finish()
    const duration = Math.min(900, 180 + Math.abs(way) * 0.9)
    this.stop = animate((elapsed) => {
      if (elapsed >= duration) {
        finish()
        return false
      }
      this.place(from + way * easeOut(elapsed / duration))
      return true
    })
  }

  private rolled(event: WheelEvent): void {
    event.preventDefault()
    if (!this.wheelTimer) {
      this.halt()
      this.hooks.started?.()
    }
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? this.itemHeight : 1
    this.place(Math.max(0, Math.min(this.end, this.offset + event.deltaY * lines)))
    clearTimeout(this.wheelTimer)
    this.wheelTimer = window.setTimeout(() => {
      this.wheelTimer = 0
      this.turnTo(this.offset)
    }, WHEEL_REST)
  }

  /** A press on an item above or below the window brings it in. */
  private pressed(event: MouseEvent): void {
    const { top, height } = this.viewport.getBoundingClientRect()
    const steps = Math.round((event.clientY - top - height / 2) / this.itemHeight)
    if (this.dragged || !event.detail || !steps || this.stop) return
    this.hooks.started?.()
    this.turnTo((this.index + steps) * this.itemHeight)
  }

  private key(event: KeyboardEvent): void {
    const step = { ArrowUp: -1, ArrowDown: 1, PageUp: -PAGE, PageDown: PAGE, Home: -Infinity, End: Infinity }[event.key]
    if (step === undefined) return
    event.preventDefault()
    const index = Math.max(0, Math.min(this.index + step, this.hooks.count() - 1))
    if (index === this.index) return
    this.hooks.started?.()
    this.turnTo(index * this.itemHeight)
  }
}
