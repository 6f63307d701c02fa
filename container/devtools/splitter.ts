/** The line between phone and panel: dragged, or moved with the arrow keys. */
import { h } from '../host/chrome/dom'

const STEP = 24
const LEAST = 300
/** what stays for the phone, px */
const PHONE = 320

export function splitter(panel: HTMLElement, label: string, width: number, onWidth: (width: number) => void): HTMLElement {
  const line = h('div', { class: 'splitter', role: 'separator', 'aria-orientation': 'vertical', tabindex: '0', 'aria-label': label })
  const set = (wanted: number): void => {
    width = Math.round(Math.max(LEAST, Math.min(innerWidth - PHONE, wanted)))
    panel.style.width = `${width}px`
    line.setAttribute('aria-valuenow', String(width))
  }
  line.addEventListener('pointerdown', (event) => {
    const from = event.clientX + width
    line.setPointerCapture(event.pointerId)
    // Frames would take the pointer.
    document.documentElement.classList.add('dragging')
    const move = ({ clientX }: PointerEvent): void => set(from - clientX)
    const stop = (): void => {
      line.removeEventListener('pointermove', move)
      document.documentElement.classList.remove('dragging')
      onWidth(width)
    }
    line.addEventListener('pointermove', move)
    line.addEventListener('lostpointercapture', stop, { once: true })
  })
  line.addEventListener('keydown', ({ key }) => {
    if (key !== 'ArrowLeft' && key !== 'ArrowRight') return
    set(width + (key === 'ArrowLeft' ? STEP : -STEP))
    onWidth(width)
  })
  window.addEventListener('resize', () => set(width))
  set(width)
  return line
}
