/**
 * The on-screen keyboard: how high it is, and keeping the focused field above it.
 *
 * A frame is not told about the keyboard. It is taken to be up while a field has the focus and the visible part of
 * the frame is clearly lower than it was before.
 */
import type { PageHandle, Runtime } from '../runtime/context'

/** What has the focus. */
export interface KeyboardUser {
  host: HTMLElement
  page: PageHandle | undefined
  /** px that must stay free below the field; undefined: the page does not move */
  clearance(): number | undefined
  keyboardChanged(height: number): void
}

/** Less than this (px) is a browser's own bar coming or going. */
const SMALLEST = 80

let user: KeyboardUser | undefined
let full = 0
let width = 0
let height = 0
let watching = false

/** Height of the keyboard in px, 0 when it is down. */
export const keyboardHeight = (): number => height

const visibleHeight = (): number => Math.min(window.innerHeight, window.visualViewport?.height ?? Infinity)

export function keyboardFor(rt: Runtime, next: KeyboardUser): void {
  if (!height) {
    full = visibleHeight()
    width = window.innerWidth
  }
  if (user !== next) lower(user)
  user = next
  if (!watching) {
    watching = true
    // A frame that changes its width as well was turned or resized.
    const measure = () => user && window.innerWidth === width && set(rt, full - visibleHeight())
    window.visualViewport?.addEventListener('resize', measure)
    window.addEventListener('resize', measure)
  }
  lift()
}

export function keyboardDone(rt: Runtime, last: KeyboardUser): void {
  if (user !== last) return
  // The focus may be on its way to another field; the keyboard then stays up.
  setTimeout(() => {
    if (user !== last) return
    set(rt, 0)
    lower(user)
    user = undefined
  })
}

function set(rt: Runtime, measured: number): void {
  const now = measured > SMALLEST ? measured : 0
  if (now === height) return
  height = now
  document.documentElement.style.setProperty('--eden-keyboard', `${height}px`)
  rt.emit('keyboardHeightChange', { height })
  user?.keyboardChanged(height)
  lift()
}

/** Move the page up until the field stands above the keyboard. */
function lift(): void {
  const clearance = user?.clearance()
  const scroller = user?.page?.scroller
  if (!user || !scroller) return
  scroller.style.translate = ''
  if (!height || clearance === undefined) return
  // When the frame itself became lower, its layout already ends above the keyboard.
  const edge = Math.min(window.innerHeight, full - height)
  const covered = user.host.getBoundingClientRect().bottom + clearance - edge
  if (covered > 0) scroller.style.translate = `0 ${-covered}px`
}

function lower(who: KeyboardUser | undefined): void {
  if (who?.page) who.page.scroller.style.translate = ''
}
