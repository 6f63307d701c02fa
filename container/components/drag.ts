/**
 * Dragging with one finger or the mouse, shared by swiper, movable-view, scroll-view and others.
 *
 * Touch events, not pointer events: only they can take a gesture from native scrolling while it begins. A gesture
 * belongs to the innermost handler whose axis fits; a `touchmove` caught by the program belongs to nobody.
 */
export interface DragHandler {
  /** which movement may be claimed now; 'none' leaves the gesture alone */
  axis(): 'x' | 'y' | 'both' | 'none'
  /** pressed, nothing claimed yet */
  down?(event: Event): void
  /** about to be claimed with this displacement; false leaves it to others */
  claim?(dx: number, dy: number): boolean
  /** claimed: displacement from the point of claiming, px */
  move(dx: number, dy: number): void
  /** claimed gesture over; velocity in px per ms */
  end(vx: number, vy: number): void
  /** released without a claim */
  release?(): void
}

interface Sample {
  x: number
  y: number
  time: number
}

type Claimable = Event & { edenClaimed?: boolean }

/** Movement that decides whose gesture it is, px. */
const SLOP = 6
/** Velocity is measured over this time before release, ms. */
const VELOCITY_WINDOW = 80

export function onDrag(element: HTMLElement, handler: DragHandler, options: { mouseOnly?: boolean } = {}): void {
  let start: Sample | undefined
  let claimed = false
  let samples: Sample[] = []

  const press = (x: number, y: number, event: Event) => {
    start = { x, y, time: event.timeStamp }
    claimed = false
    samples = [start]
    handler.down?.(event)
  }

  const move = (x: number, y: number, event: Claimable) => {
    if (!start) return
    if (!claimed) {
      if (event.edenClaimed || event.defaultPrevented) return stop()
      const dx = x - start.x
      const dy = y - start.y
      if (Math.max(Math.abs(dx), Math.abs(dy)) < SLOP) return
      const axis = handler.axis()
      const fits = axis === 'both' || (Math.abs(dx) > Math.abs(dy) ? axis === 'x' : axis === 'y')
      if (!fits || handler.claim?.(dx, dy) === false || (event.type === 'touchmove' && !event.cancelable)) return stop()
      claimed = true
      start = { x, y, time: event.timeStamp }
    }
    event.edenClaimed = true
    if (event.cancelable) event.preventDefault()
    samples.push({ x, y, time: event.timeStamp })
    if (samples.length > 20) samples.shift()
    handler.move(x - start.x, y - start.y)
  }

  const stop = () => {
    const wasPressed = start !== undefined
    start = undefined
    if (wasPressed && !claimed) handler.release?.()
  }

  const release = (event: Event) => {
    if (!start) return
    if (claimed) {
      const last = samples[samples.length - 1]!
      const first = samples.find((sample) => last.time - sample.time <= VELOCITY_WINDOW) ?? last
      const time = last.time - first.time
      const still = event.timeStamp - last.time > VELOCITY_WINDOW || time === 0
      start = undefined
      handler.end(still ? 0 : (last.x - first.x) / time, still ? 0 : (last.y - first.y) / time)
    } else stop()
  }

  if (!options.mouseOnly) {
    element.addEventListener('touchstart', (event) => {
      if (event.touches.length > 1) { release(event); return }
      const touch = event.touches[0]!
      press(touch.clientX, touch.clientY, event)
    }, { passive: true })
    element.addEventListener('touchmove', (event) => {
      const touch = event.touches[0]!
      move(touch.clientX, touch.clientY, event)
    }, { passive: false })
    element.addEventListener('touchend', release)
    element.addEventListener('touchcancel', release)
  }

  element.addEventListener('mousedown', (event) => {
    if (event.button !== 0 || isTextField(event.target)) return
    press(event.clientX, event.clientY, event)
    // bubbling order decides who claims: listen on the element, and on the window for moves outside of it
    const seen = new WeakSet<Event>()
    const onMove = (moved: MouseEvent) => {
      if (seen.has(moved)) return
      seen.add(moved)
      move(moved.clientX, moved.clientY, moved)
    }
    const onUp = (up: MouseEvent) => {
      element.removeEventListener('mousemove', onMove)
      window.removeEventListener('mousemove', onMove)
      window.removeEventListener('mouseup', onUp, true)
      release(up)
    }
    element.addEventListener('mousemove', onMove)
    window.addEventListener('mousemove', onMove)
    window.addEventListener('mouseup', onUp, true)
  })
}

const isTextField = (target: EventTarget | null): boolean =>
  target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement ||
  (target instanceof HTMLElement && target.isContentEditable)

/** Run `frame` once per animation frame until it returns false; the result stops it. */
export function animate(frame: (elapsed: number) => boolean): () => void {
  let handle = 0
  const begin = performance.now()
  const tick = (now: number) => {
    if (frame(Math.max(0, now - begin))) handle = requestAnimationFrame(tick)
  }
  handle = requestAnimationFrame(tick)
  return () => cancelAnimationFrame(handle)
}
