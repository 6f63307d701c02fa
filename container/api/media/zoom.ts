/** Zooming a picture with two fingers, a double tap or the wheel, and moving it while it is zoomed. */

export interface ZoomOptions {
  onTap: () => void
  onLongPress?: () => void
  /** milliseconds */
  longPress: number
  onZoom: (zoomed: boolean) => void
  /** a mouse dragged sideways: 1 to the next, -1 to the previous */
  onSwipe: (direction: 1 | -1) => void
}

const MAX_SCALE = 5
/** A second tap within this time (ms) is a double tap. */
const DOUBLE_TAP = 250
/** Movement (px) up to which a press is a tap. */
const SLOP = 8
/** Sideways movement (px) of a mouse that turns the page. */
const SWIPE = 40

interface Point { x: number; y: number }

export const distance = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y)

/** How far a picture of this size may move at this scale, each way. */
export const reach = (size: number, scale: number): number => Math.max(0, (size * (scale - 1)) / 2)

export function zoomable(target: HTMLElement, options: ZoomOptions): void {
  const pointers = new Map<number, Point>()
  let scale = 1
  let offset: Point = { x: 0, y: 0 }
  let start: Point | undefined
  let pinch = 0
  let moved = false
  let tapTimer: ReturnType<typeof setTimeout> | undefined
  let pressTimer: ReturnType<typeof setTimeout> | undefined

  const apply = () => {
    const bound = (value: number, size: number) => Math.min(Math.max(value, -reach(size, scale)), reach(size, scale))
    offset = { x: bound(offset.x, target.clientWidth), y: bound(offset.y, target.clientHeight) }
    target.style.transform = scale === 1 ? '' : `translate(${offset.x}px,${offset.y}px) scale(${scale})`
  }
  const zoom = (to: number) => {
    const before = scale > 1
    scale = Math.min(Math.max(to, 1), MAX_SCALE)
    apply()
    if (before !== scale > 1) options.onZoom(scale > 1)
  }

  target.addEventListener('pointerdown', (event) => {
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY })
    clearTimeout(pressTimer)
    if (pointers.size === 1) {
      start = { x: event.clientX, y: event.clientY }
      moved = false
      const { onLongPress } = options
      if (onLongPress) pressTimer = setTimeout(() => { moved = true; onLongPress() }, options.longPress)
    } else pinch = spread(pointers)
  })

  target.addEventListener('pointermove', (event) => {
    const last = pointers.get(event.pointerId)
    if (!last || !start) return
    const point = { x: event.clientX, y: event.clientY }
    pointers.set(event.pointerId, point)
    if (distance(point, start) > SLOP) {
      moved = true
      clearTimeout(pressTimer)
    }
    if (pointers.size === 2) {
      const now = spread(pointers)
      if (pinch > 0) zoom((scale * now) / pinch)
      pinch = now
      moved = true
    } else if (scale > 1) {
      offset = { x: offset.x + point.x - last.x, y: offset.y + point.y - last.y }
      apply()
    }
  })

  const end = (event: PointerEvent) => {
    const last = pointers.get(event.pointerId)
    pointers.delete(event.pointerId)
    clearTimeout(pressTimer)
    if (pointers.size > 0 || !start || !last || event.type === 'pointercancel') return
    if (!moved) tap()
    else if (event.pointerType === 'mouse' && scale === 1 && Math.abs(last.x - start.x) > SWIPE)
      options.onSwipe(last.x < start.x ? 1 : -1)
  }
  target.addEventListener('pointerup', end)
  target.addEventListener('pointercancel', end)

  const tap = () => {
    if (tapTimer !== undefined) {
      clearTimeout(tapTimer)
      tapTimer = undefined
      zoom(scale > 1 ? 1 : 2)
    } else {
      tapTimer = setTimeout(() => {
        tapTimer = undefined
        options.onTap()
      }, DOUBLE_TAP)
    }
  }

  target.addEventListener('wheel', (event) => {
    if (!event.ctrlKey && scale === 1) return
    event.preventDefault()
    zoom(scale * Math.exp(-event.deltaY / 200))
  }, { passive: false })
}

function spread(pointers: Map<number, Point>): number {
  const [a, b] = [...pointers.values()]
  return a && b ? distance(a, b) : 0
}
