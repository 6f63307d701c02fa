/** The phone on the desk: its body, orientation and zoom. On a phone-sized screen the program fills everything. */
import type { SystemInfo } from '../bridge/messages'
import { systemOf, systemOfBrowser, type Device } from './devices'

/** Space around the phone's body, px. */
const MARGIN = 24
/** Thickness of the body, px. */
const BODY = 12

export class Stage {
  private readonly compact = matchMedia('(max-width: 719px), (max-height: 479px)')
  private lying = false
  onChange: (system: Partial<SystemInfo>) => void = () => {}

  constructor(
    private readonly stage: HTMLElement, private readonly device: HTMLElement, private readonly screen: HTMLElement,
    private kind: Device,
  ) {
    new ResizeObserver(() => this.layout()).observe(stage)
    this.compact.addEventListener('change', () => this.layout())
  }

  /** Only the program is shown, without the simulator around it. */
  get bare(): boolean { return this.compact.matches }

  show(device: Device, lying: boolean): void {
    this.kind = device
    this.lying = lying
    this.layout()
  }

  get system(): Partial<SystemInfo> {
    if (!this.bare) return systemOf(this.kind, this.lying)
    return systemOfBrowser(this.screen.clientWidth, this.screen.clientHeight, browserInsets())
  }

  layout(): void {
    document.documentElement.classList.toggle('bare', this.bare)
    const { kind, lying, device, screen, stage } = this
    const [width, height] = lying ? [kind.height, kind.width] : [kind.width, kind.height]
    device.dataset.cut = kind.cut
    device.classList.toggle('lying', lying)
    device.classList.toggle('indicated', kind.bottom > 0)
    device.style.setProperty('--radius', `${kind.radius}px`)
    if (this.bare) {
      screen.style.width = screen.style.height = device.style.transform = ''
    } else {
      screen.style.width = `${width}px`
      screen.style.height = `${height}px`
      const room = Math.min((stage.clientWidth - 2 * MARGIN) / (width + 2 * BODY), (stage.clientHeight - 2 * MARGIN) / (height + 2 * BODY))
      device.style.transform = `translate(-50%, -50%) scale(${Math.max(0.2, Math.min(1, room)).toFixed(4)})`
    }
    this.onChange(this.system)
  }
}

/** The browser's own safe areas, which only a style sheet can read. */
function browserInsets(): Record<'top' | 'right' | 'bottom' | 'left', number> {
  const style = getComputedStyle(document.documentElement)
  const of = (side: string): number => parseFloat(style.getPropertyValue(`padding-${side}`)) || 0
  return { top: of('top'), right: of('right'), bottom: of('bottom'), left: of('left') }
}
