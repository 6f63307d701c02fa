/** Pull down to refresh: the sheet follows the finger (or mouse) and uncovers three dots. */
import type { Motion } from './dom'
import { animate, h } from './dom'

/** px the sheet rests at while refreshing, and how far it must be pulled to start */
const REST = 50

export interface PullDown {
  readonly element: HTMLElement
  /** the person may pull (enablePullDownRefresh) */
  enabled: boolean
  setStyle(style: 'dark' | 'light'): void
  /** as if pulled: calls back */
  start(): void
  stop(): void
}

/** Resistance grows as on iOS: never more than half the distance, and always less than 150 px. */
export const resist = (distance: number): number => (distance <= 0 ? 0 : 150 * (1 - 1 / (distance / 300 + 1)))

export function createPullDown(
  sheet: HTMLElement,
  scroller: HTMLElement,
  motion: Motion,
  t: (key: string) => string,
  onStart: () => void,
): PullDown {
  const element = h('div', { class: 'eden-refresh', 'aria-hidden': 'true' }, h('i'), h('i'), h('i'))
  let offset = 0
  let refreshing = false
  let enabled = false
  let from: { id: number; x: number; y: number; active: boolean } | undefined

  const place = (to: number, duration: number): void => {
    const before = offset
    offset = to
    sheet.style.transform = to ? `translateY(${to}px)` : ''
    element.style.visibility = to ? 'visible' : ''
    void animate(
      sheet,
      [{ transform: `translateY(${before}px)` }, { transform: `translateY(${to}px)` }],
      motion(duration),
      'ease-out',
    )
  }
  const begin = (): void => {
    if (refreshing) return
    refreshing = true
    element.toggleAttribute('data-on', true)
    element.setAttribute('role', 'status')
    element.setAttribute('aria-label', t('refreshing'))
    element.removeAttribute('aria-hidden')
    place(REST, 200)
    onStart()
  }
  const move = (x: number, y: number): boolean => {
    if (!from) return false
    const down = y - from.y
    if (!from.active) {
      // Only a mostly vertical pull that starts at the very top is ours; everything else scrolls.
      if (down <= 4 || Math.abs(x - from.x) > down || scroller.scrollTop > 0) return false
      from.active = true
    }
    place(resist(down), 0)
    return true
  }
  const end = (): void => {
    const active = from?.active
    from = undefined
    if (!active) return
    if (offset >= REST) begin()
    else place(0, 200)
  }
  const startable = (event: Event): boolean =>
    enabled && !refreshing && scroller.scrollTop <= 0 && !scrolledInside(event, scroller)

  sheet.addEventListener(
    'touchstart',
    (event) => {
      const touch = event.touches[0]
      if (event.touches.length > 1 || !touch) return end()
      if (startable(event)) from = { id: touch.identifier, x: touch.clientX, y: touch.clientY, active: false }
    },
    { passive: true },
  )
  sheet.addEventListener(
    'touchmove',
    (event) => {
      const touch = [...event.changedTouches].find((item) => item.identifier === from?.id)
      if (!touch || (event.defaultPrevented && !from?.active)) return
      if (move(touch.clientX, touch.clientY) && event.cancelable) event.preventDefault()
    },
    { passive: false },
  )
  sheet.addEventListener('touchend', end)
  sheet.addEventListener('touchcancel', end)

  sheet.addEventListener('pointerdown', (event) => {
    if (event.pointerType !== 'mouse' || event.button !== 0 || !startable(event)) return
    from = { id: event.pointerId, x: event.clientX, y: event.clientY, active: false }
    const follow = (next: PointerEvent): void => {
      if (move(next.clientX, next.clientY)) next.preventDefault()
    }
    const release = (): void => {
      removeEventListener('pointermove', follow)
      removeEventListener('pointerup', release)
      removeEventListener('pointercancel', release)
      end()
    }
    addEventListener('pointermove', follow)
    addEventListener('pointerup', release)
    addEventListener('pointercancel', release)
  })

  return {
    element,
    get enabled() {
      return enabled
    },
    set enabled(on: boolean) {
      enabled = on
    },
    setStyle: (style) => {
      element.dataset.style = style
    },
    start: begin,
    stop() {
      if (!refreshing) return
      refreshing = false
      element.removeAttribute('data-on')
      element.removeAttribute('role')
      element.setAttribute('aria-hidden', 'true')
      place(0, 200)
    },
  }
}

/** The gesture starts in an area that scrolls by itself and is not at its top, or in a field or map. */
function scrolledInside(event: Event, scroller: HTMLElement): boolean {
  for (const node of event.composedPath()) {
    if (node === scroller) return false
    if (!(node instanceof HTMLElement)) continue
    if (node.scrollTop > 0 || node.closest('textarea,wx-map,wx-movable-view,wx-slider,wx-picker-view')) return true
  }
  return false
}
