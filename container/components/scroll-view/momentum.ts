/** What touch screens give for free, for the mouse: dragged content that keeps moving, and pages that snap. */
import { animate } from '../drag'

/** Velocity left after one ms, as in iOS scroll views. */
const DECELERATION = 0.998
/** Slower than this (px per ms) is at rest. */
const REST = 0.02

export class Momentum {
  private from: { left: number; top: number } | undefined
  private cancel: (() => void) | undefined

  constructor(private readonly element: HTMLElement, private readonly paging: () => boolean) {}

  stop(): void {
    this.cancel?.()
    this.cancel = undefined
    this.from = undefined
  }

  /** Total displacement of the pointer since it was pressed. */
  drag(dx: number, dy: number): void {
    this.from ??= { left: this.element.scrollLeft, top: this.element.scrollTop }
    this.element.scrollTo({ left: this.from.left - dx, top: this.from.top - dy, behavior: 'instant' })
  }

  fling(vx: number, vy: number): void {
    const { scrollLeft, scrollTop } = this.element
    this.from = undefined
    if (this.paging()) return this.snap(vx, vy)
    if (Math.hypot(vx, vy) < REST) return
    this.cancel = animate((elapsed) => {
      // integral of v · d^t
      const reach = (DECELERATION ** elapsed - 1) / Math.log(DECELERATION)
      this.element.scrollTo({ left: scrollLeft - vx * reach, top: scrollTop - vy * reach, behavior: 'instant' })
      return Math.hypot(vx, vy) * DECELERATION ** elapsed > REST
    })
  }

  /** With paging, rest only on multiples of the view's size. */
  settle(): void {
    if (this.paging() && !this.cancel && !this.from) this.snap(0, 0)
  }

  private snap(vx: number, vy: number): void {
    const { element } = this
    const page = (position: number, size: number, velocity: number) => {
      const towards = velocity === 0 ? Math.round : velocity < 0 ? Math.ceil : Math.floor
      return size * towards(position / size)
    }
    const left = page(element.scrollLeft, element.clientWidth, vx)
    const top = page(element.scrollTop, element.clientHeight, vy)
    const away = Math.max(Math.abs(left - element.scrollLeft), Math.abs(top - element.scrollTop))
    if (away > 1) element.scrollTo({ left, top, behavior: 'smooth' })
  }
}
