/** Time, network and battery at the top of the screen. */
import { h } from './dom'
import type { Words } from './strings'

const MINUTE = 60_000
const LINES = 'fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round"'
const WIFI =
  `<svg width="15" height="11" viewBox="0 0 15 11" ${LINES}>` +
  '<path d="M1 4a9.4 9.4 0 0 1 13 0M3.4 6.6a6 6 0 0 1 8.2 0"/>' +
  '<circle cx="7.5" cy="9.2" r=".7" fill="currentColor"/></svg>'
const OFFLINE = `<svg width="11" height="11" viewBox="0 0 11 11" ${LINES}><path d="m2 2 7 7M9 2 2 9"/></svg>`

interface Battery extends EventTarget { level: number; charging: boolean }

export class StatusBar {
  readonly element: HTMLElement
  private readonly time = h('span')
  private readonly network = h('span', { role: 'img' })
  private readonly battery = h('span', { role: 'img' })
  private readonly timer: ReturnType<typeof setInterval>

  constructor(private readonly say: Words) {
    this.element = h('div', { class: 'status', role: 'status', 'aria-label': say('statusBar'), 'aria-live': 'off' },
      this.time, h('span', {}, this.network, this.battery))
    this.tell()
    this.timer = setInterval(() => this.tell(), MINUTE / 6)
    this.showBattery(1)
    void this.watchBattery()
  }

  private tell(): void {
    const now = new Date()
    this.time.textContent = `${now.getHours()}:${String(now.getMinutes()).padStart(2, '0')}`
  }

  setNetwork(type: string): void {
    const words = type === 'none' ? this.say('offline') : type
    this.network.setAttribute('aria-label', `${this.say('network')} ${words}`)
    // Constant markup of our own.
    if (type === 'wifi' || type === 'none') this.network.innerHTML = type === 'wifi' ? WIFI : OFFLINE
    else this.network.textContent = type.toUpperCase()
  }

  private async watchBattery(): Promise<void> {
    const source = navigator as Navigator & { getBattery?: () => Promise<Battery> }
    const battery = await source.getBattery?.().catch(() => undefined)
    if (!battery) return
    const update = (): void => this.showBattery(battery.level)
    battery.addEventListener('levelchange', update)
    update()
  }

  private showBattery(level: number): void {
    this.battery.setAttribute('aria-label', `${this.say('battery')} ${Math.round(level * 100)} %`)
    this.battery.innerHTML =
      '<svg width="24" height="11" viewBox="0 0 24 11" fill="none">' +
      '<rect x=".5" y=".5" width="20" height="10" rx="2.5" stroke="currentColor" opacity=".5"/>' +
      `<rect x="2" y="2" width="${(17 * level).toFixed(1)}" height="7" rx="1.3" fill="currentColor"/>` +
      '<rect x="22" y="3.5" width="1.5" height="4" rx=".7" fill="currentColor" opacity=".5"/></svg>'
  }

  destroy(): void { clearInterval(this.timer) }
}
