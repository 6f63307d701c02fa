/** Markers with callouts and labels, and the fixed controls of a map: DOM, so that they can be pressed and read. */
import { animate } from '../drag'
import { length } from '../icon'
import { el } from '../kit'
import type { Location, Pixel } from './mercator'
import type { Callout, Control, Marker } from './types'

interface Ground {
  url(path: string): string
  place(location: Location): Pixel
  trigger(type: string, detail: object): void
}

interface Shown {
  marker: Marker
  pin: HTMLButtonElement
  callout?: HTMLElement
  label?: HTMLElement
  open: boolean
}

const PIN = `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 32">' +
  '<path fill="#e64340" d="M12 0a12 12 0 0 1 12 12c0 8-12 20-12 20S0 20 0 12A12 12 0 0 1 12 0z"/>' +
  '<circle cx="12" cy="12" r="5" fill="#fff"/></svg>')}`

export class Markers {
  private shown: Shown[] = []
  private controls: HTMLElement[] = []
  /** The press under way began on a marker, callout or control, so the map itself is not tapped. */
  pressed = false

  constructor(private readonly layer: HTMLElement, private readonly ground: Ground) {}

  get list(): Marker[] {
    return this.shown.map(({ marker }) => marker)
  }

  set(markers: Marker[]): void {
    const open = new Set(this.shown.filter((shown) => shown.open).map(({ marker }) => marker.id))
    for (const { callout, label, pin } of this.shown) [pin, callout, label].forEach((node) => node?.remove())
    this.shown = markers.filter(Boolean).map((marker) => this.make({ ...marker }, open.has(marker.id)))
  }

  private onPress(node: HTMLElement, run: () => void): void {
    node.addEventListener('pointerdown', () => { this.pressed = true })
    node.addEventListener('click', run)
  }

  private make(marker: Marker, open: boolean): Shown {
    const pin = el('button', 'eden-map-marker')
    const img = el('img')
    const markerId = marker.id ?? 0
    pin.type = 'button'
    pin.setAttribute('aria-label', marker['aria-label'] ?? marker.title ?? marker.callout?.content ?? String(markerId))
    img.alt = ''
    img.src = marker.iconPath ? this.ground.url(marker.iconPath) : PIN
    img.draggable = false
    pin.append(img)
    pin.style.width = length(marker.width, marker.iconPath ? 'auto' : '24px')
    pin.style.height = length(marker.height, marker.iconPath ? 'auto' : '32px')
    pin.style.opacity = String(marker.alpha ?? 1)
    pin.style.zIndex = String(marker.zIndex ?? 1)
    const shown: Shown = { marker, pin, open }
    img.addEventListener('load', () => this.placeOne(shown))
    this.onPress(pin, () => {
      for (const other of this.shown) other.open = other === shown
      this.place()
      this.ground.trigger('markertap', { markerId })
    })
    this.layer.append(pin)
    const text = marker.callout ?? (marker.title ? { content: marker.title } : undefined)
    if (text?.content) {
      shown.callout = this.box('eden-map-callout', text)
      this.onPress(shown.callout, () => this.ground.trigger('callouttap', { markerId }))
    }
    if (marker.label?.content) {
      shown.label = this.box('eden-map-label', marker.label)
      this.onPress(shown.label, () => this.ground.trigger('labeltap', { markerId }))
    }
    this.placeOne(shown)
    return shown
  }

  private box(className: string, text: Callout): HTMLElement {
    const box = el('div', className, text.content)
    const isCallout = className === 'eden-map-callout'
    Object.assign(box.style, {
      color: text.color ?? '', fontSize: `${text.fontSize ?? 12}px`, textAlign: text.textAlign ?? '',
      padding: `${text.padding ?? (isCallout ? 8 : 0)}px`,
      borderRadius: `${text.borderRadius ?? (isCallout ? 4 : 0)}px`,
      background: text.bgColor ?? '',
      border: text.borderWidth ? `${text.borderWidth}px solid ${text.borderColor ?? '#000'}` : '',
    })
    this.layer.append(box)
    return box
  }

  place(): void {
    for (const shown of this.shown) this.placeOne(shown)
  }

  private placeOne({ callout, label, marker, open, pin }: Shown): void {
    const { x, y } = this.ground.place(marker)
    const anchor = marker.anchor ?? { x: 0.5, y: 1 }
    const rotate = `rotate(${marker.rotate ?? 0}deg)`
    pin.style.transform = `translate(${x}px,${y}px) translate(${-anchor.x * 100}%,${-anchor.y * 100}%) ${rotate}`
    pin.style.transformOrigin = `${anchor.x * 100}% ${anchor.y * 100}%`
    if (callout) {
      callout.hidden = !open && marker.callout?.display !== 'ALWAYS'
      const top = y - anchor.y * pin.offsetHeight - 4 + (marker.callout?.anchorY ?? 0)
      callout.style.transform = `translate(${x + (marker.callout?.anchorX ?? 0)}px,${top}px) translate(-50%,-100%)`
      callout.style.zIndex = String((marker.zIndex ?? 1) + 1)
    }
    if (label) {
      const { x: oldX = 0, y: oldY = 0, anchorX = oldX, anchorY = oldY } = marker.label!
      label.style.transform = `translate(${x + anchorX}px,${y + anchorY}px)`
    }
  }

  /** Where the lower middle of the author's own callout goes; undefined while it is closed. */
  calloutPlace(id: number): Pixel | undefined {
    const shown = this.shown.find(({ marker }) => marker.id === id)
    if (!shown?.marker.customCallout) return undefined
    const { marker, open, pin } = shown
    const { anchorX = 0, anchorY = 0, display } = marker.customCallout!
    if (!open && display !== 'ALWAYS') return undefined
    const { x, y } = this.ground.place(marker)
    return { x: x + anchorX, y: y - (marker.anchor?.y ?? 1) * pin.offsetHeight + anchorY }
  }

  /** Throws for a marker that is not there. */
  find(id: number): Shown {
    const shown = this.shown.find(({ marker }) => marker.id === id)
    if (!shown) throw new Error('marker not found')
    return shown
  }

  /** Glide through `path`, which takes `duration` ms. */
  move(id: number, path: Location[], duration: number, render: () => void, done?: () => void): void {
    const { marker } = this.find(id)
    const points = [{ latitude: marker.latitude, longitude: marker.longitude }, ...path]
    animate((elapsed) => {
      const at = Math.min(1, elapsed / Math.max(1, duration)) * (points.length - 1)
      const from = points[Math.min(points.length - 2, Math.floor(at))]!
      const to = points[Math.min(points.length - 1, Math.floor(at) + 1)]!
      const part = at - Math.min(points.length - 2, Math.floor(at))
      marker.latitude = from.latitude + (to.latitude - from.latitude) * part
      marker.longitude = from.longitude + (to.longitude - from.longitude) * part
      render()
      if (elapsed < duration) return true
      done?.()
      return false
    })
  }

  setControls(controls: Control[]): void {
    for (const node of this.controls) node.remove()
    this.controls = controls.map((control) => {
      const button = el('button', 'eden-map-marker')
      const img = el('img')
      const { height, left = 0, top = 0, width } = control.position ?? {}
      button.type = 'button'
      img.alt = ''
      img.src = this.ground.url(control.iconPath)
      button.append(img)
      Object.assign(button.style, { left: `${left}px`, top: `${top}px` })
      Object.assign(button.style, { width: length(width, 'auto'), height: length(height, 'auto') })
      button.style.zIndex = '2000'
      if (control.clickable) this.onPress(button, () => this.ground.trigger('controltap', { controlId: control.id }))
      else button.style.pointerEvents = 'none'
      this.layer.append(button)
      return button
    })
  }
}
