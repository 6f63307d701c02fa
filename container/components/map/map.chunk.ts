/**
 * The map that `<map>` shows: a plain ground with a grid of degrees (there is no tile service in the sandbox), and
 * over it everything that a program puts on a map, at its true place.
 */
import { builtinOf, el } from '../kit'
import type { Map } from './map'
import { Markers } from './markers'
import { fit, type Location, metresPerPixel, type Pixel, project, scaleBar, unproject } from './mercator'
import { draw } from './overlays'
import type { MapProps, Marker } from './types'

const CSS = `.eden-map-canvas,.eden-map-layer{position:absolute;inset:0;width:100%;height:100%}
.eden-map-layer{overflow:hidden;pointer-events:none}
.eden-map-marker{all:unset;position:absolute;pointer-events:auto;cursor:pointer;display:block}
.eden-map-marker:focus-visible{outline:2px solid #07c160}
.eden-map-marker img{display:block;width:100%;height:100%}
.eden-map-callout,.eden-map-label{all:unset;position:absolute;box-sizing:border-box;white-space:pre;
pointer-events:auto;cursor:pointer;font:12px/1.4 sans-serif;color:#000}
.eden-map-callout{box-shadow:0 1px 4px rgba(0,0,0,.25);background:#fff}
.eden-map-location{position:absolute;width:14px;height:14px;margin:-10px;border:3px solid #fff;border-radius:50%;
background:#4b8bf4;box-shadow:0 0 0 8px rgba(75,139,244,.2),0 1px 3px rgba(0,0,0,.4)}
.eden-map-scale{position:absolute;left:12px;bottom:12px;border:solid #666;border-width:0 1px 1px;
font:10px/1.2 sans-serif;color:#666;text-align:center}
.eden-map-compass{position:absolute;right:12px;top:12px;width:32px;height:32px;border-radius:50%;
background:rgba(255,255,255,.9);box-shadow:0 1px 3px rgba(0,0,0,.3);font:bold 12px/32px sans-serif;color:#e33;
text-align:center}`

type Cause = 'gesture' | 'drag' | 'scale' | 'update'

interface Translation {
  markerId: number
  destination: Location
  /** ms */
  duration?: number
  rotate?: number
  animationEnd?: () => void
}

/** Wheel travel that doubles the scale, px. */
const WHEEL = 300

export class MapView {
  private centre: Location
  private scale: number
  private readonly canvas = el('canvas', 'eden-map-canvas')
  private readonly layer = el('div', 'eden-map-layer')
  private readonly ruler = el('div', 'eden-map-scale')
  private readonly compass = el('div', 'eden-map-compass', 'N')
  private readonly location = el('div', 'eden-map-location')
  private here: Location | undefined
  private readonly markers: Markers
  private readonly resized = new ResizeObserver(() => this.render())
  private frame = 0
  private offTheme: (() => void) | undefined

  constructor(private readonly map: Map) {
    const { host } = map
    const sheet = el('style')
    sheet.textContent = CSS
    this.centre = { latitude: map.props.latitude, longitude: map.props.longitude }
    this.scale = map.props.scale
    this.markers = new Markers(this.layer, {
      url: (path) => map.rt.files.url(path, map.base),
      place: (location) => this.toScreen(location),
      trigger: (type, detail) => map.trigger(type, detail),
    })
    host.prepend(sheet, this.canvas, this.layer)
    this.layer.append(this.ruler, this.compass, this.location)
    this.gestures()
    map.component.addListener('tap', ((event: { detail: { x: number; y: number }; stopPropagation(): void }) => {
      if (this.markers.pressed) return event.stopPropagation()
      const origin = map.page?.scroller.getBoundingClientRect() ?? { left: 0, top: 0 }
      const box = host.getBoundingClientRect()
      const scrolled = map.page?.scroller.scrollTop ?? 0
      const x = event.detail.x + origin.left - box.left
      const y = event.detail.y - scrolled + origin.top - box.top
      Object.assign(event.detail, this.fromScreen({ x, y }))
    }) as never, { capture: true })
  }

  attached(): void {
    this.resized.observe(this.map.host)
    this.offTheme = this.map.rt.on('themeChange', () => this.render())
    for (const name of ['markers', 'controls', 'showLocation'] as const) this.update(name)
    if (this.map.props.includePoints?.length) this.update('includePoints')
    this.render()
    requestAnimationFrame(() => this.map.trigger('updated'))
  }

  detached(): void {
    this.resized.disconnect()
    this.offTheme?.()
    cancelAnimationFrame(this.frame)
  }

  private get options(): MapProps {
    return { ...this.map.props, ...this.map.props.setting }
  }

  update(name: keyof MapProps): void {
    const { options } = this
    const { latitude, longitude, scale } = options
    if (name === 'longitude' || name === 'latitude') this.moveTo({ latitude, longitude }, this.scale, 'update')
    else if (name === 'scale') this.moveTo(this.centre, scale, 'update')
    else if (name === 'setting') this.moveTo({ latitude, longitude }, scale, 'update')
    else if (name === 'markers') this.markers.set(options.markers ?? [])
    else if (name === 'controls') this.markers.setControls(options.controls ?? [])
    else if (name === 'showLocation') this.locate()
    else if (name === 'includePoints' && options.includePoints?.length) this.include(options.includePoints, [])
    this.render()
  }

  private include(points: Location[], padding: number[]): void {
    const { clientHeight: height, clientWidth: width } = this.map.host
    const { scale, ...centre } = fit(points, { width, height }, padding, this.limits)
    this.moveTo(centre, scale, 'update')
  }

  private get limits(): { min: number; max: number } {
    const { maxScale, minScale } = this.options
    return { min: Math.max(3, minScale || 3), max: Math.min(20, maxScale || 20) }
  }

  /** The person's place is shown only when the program may already know it. */
  private locate(): void {
    const { rt } = this.map
    this.location.hidden = !this.options.showLocation || !this.here
    if (!this.options.showLocation || this.here || !rt.boot.authSetting['scope.userLocation']) return
    rt.call('getLocation', { type: 'gcj02' }).then((place) => {
      this.here = { latitude: Number(place.latitude), longitude: Number(place.longitude) }
      this.location.hidden = false
      this.render()
    }, () => undefined)
  }

  // ---- camera ------------------------------------------------------------------------------------------------

  private toScreen(location: Location): Pixel {
    const { clientHeight, clientWidth } = this.map.host
    const centre = project(this.centre, this.scale)
    const { x, y } = project(location, this.scale)
    return { x: x - centre.x + clientWidth / 2, y: y - centre.y + clientHeight / 2 }
  }

  private fromScreen({ x, y }: Pixel): Location {
    const { clientHeight, clientWidth } = this.map.host
    const centre = project(this.centre, this.scale)
    return unproject({ x: centre.x + x - clientWidth / 2, y: centre.y + y - clientHeight / 2 }, this.scale)
  }

  private get region(): { southwest: Location; northeast: Location } {
    const { clientHeight, clientWidth } = this.map.host
    return {
      southwest: this.fromScreen({ x: 0, y: clientHeight }),
      northeast: this.fromScreen({ x: clientWidth, y: 0 }),
    }
  }

  private announce(type: 'begin' | 'end', causedBy: Cause): void {
    const { centre: centerLocation, region, scale } = this
    const detail = { type, causedBy, centerLocation, region, scale, rotate: 0, skew: 0 }
    this.map.trigger('regionchange', detail, { extraFields: { type, causedBy } })
  }

  private moveTo(centre: Location, scale: number, cause: Cause, announce = true): void {
    const { max, min } = this.limits
    const next = Math.min(max, Math.max(min, Number(scale) || 16))
    const to = { latitude: Number(centre.latitude) || 0, longitude: Number(centre.longitude) || 0 }
    if (next === this.scale && to.latitude === this.centre.latitude && to.longitude === this.centre.longitude) return
    if (announce) this.announce('begin', cause)
    this.centre = to
    this.scale = next
    this.render()
    if (announce) this.announce('end', cause)
  }

  /** Change the scale so that the place under `at` stays there. */
  private zoom(scale: number, at: Pixel): void {
    const { max, min } = this.limits
    const next = Math.min(max, Math.max(min, scale))
    const { clientHeight, clientWidth } = this.map.host
    const fixed = project(this.fromScreen(at), next)
    const middle = { x: fixed.x - at.x + clientWidth / 2, y: fixed.y - at.y + clientHeight / 2 }
    this.moveTo(unproject(middle, next), next, 'scale', false)
  }

  // ---- gestures ----------------------------------------------------------------------------------------------

  private gestures(): void {
    const { host } = this.map
    const fingers = new globalThis.Map<number, Pixel>()
    let cause: Cause | undefined
    let wheel = 0
    const inside = (event: MouseEvent): Pixel => {
      const box = host.getBoundingClientRect()
      return { x: event.clientX - box.left, y: event.clientY - box.top }
    }
    const begin = (next: Cause) => {
      if (cause) return
      cause = next
      this.announce('begin', 'gesture')
    }
    const end = () => {
      if (cause) this.announce('end', cause)
      cause = undefined
    }
    host.addEventListener('pointerdown', () => { this.markers.pressed = false }, { capture: true })
    host.addEventListener('pointerdown', (event) => {
      if (event.button === 0) fingers.set(event.pointerId, inside(event))
    })
    host.addEventListener('pointermove', (event) => {
      const before = fingers.get(event.pointerId)
      if (!before) return
      const now = inside(event)
      if (fingers.size === 1 && this.options.enableScroll) {
        if (!cause && Math.hypot(now.x - before.x, now.y - before.y) < 4) return
        begin('drag')
        host.setPointerCapture(event.pointerId)
        const { clientHeight, clientWidth } = host
        const middle = { x: clientWidth / 2 - now.x + before.x, y: clientHeight / 2 - now.y + before.y }
        this.moveTo(this.fromScreen(middle), this.scale, 'drag', false)
      } else if (fingers.size === 2 && this.options.enableZoom) {
        const other = [...fingers].find(([id]) => id !== event.pointerId)![1]
        begin('scale')
        const apart = Math.hypot(before.x - other.x, before.y - other.y)
        const factor = Math.hypot(now.x - other.x, now.y - other.y) / Math.max(1, apart)
        this.zoom(this.scale + Math.log2(factor || 1), { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 })
      } else return
      fingers.set(event.pointerId, now)
    })
    for (const type of ['pointerup', 'pointercancel'] as const) {
      host.addEventListener(type, (event) => {
        fingers.delete(event.pointerId)
        if (fingers.size === 0) end()
      })
    }
    host.addEventListener('wheel', (event) => {
      if (!this.options.enableZoom) return
      event.preventDefault()
      begin('scale')
      this.zoom(this.scale - event.deltaY / WHEEL, inside(event))
      clearTimeout(wheel)
      wheel = window.setTimeout(end, 200)
    }, { passive: false })
    host.addEventListener('dblclick', (event) => {
      if (!this.options.enableZoom) return
      begin('scale')
      this.zoom(this.scale + 1, inside(event))
      end()
    })
  }

  // ---- drawing -----------------------------------------------------------------------------------------------

  private render(): void {
    cancelAnimationFrame(this.frame)
    this.frame = requestAnimationFrame(() => {
      const { canvas, map: { host, rt }, options } = this
      const { clientHeight, clientWidth } = host
      const density = Math.max(1, rt.system.pixelRatio)
      canvas.width = clientWidth * density
      canvas.height = clientHeight * density
      const context = canvas.getContext('2d')!
      context.scale(density, density)
      const metres = metresPerPixel(this.centre.latitude, this.scale)
      draw(context, {
        width: clientWidth, height: clientHeight, dark: rt.theme === 'dark', region: this.region, metres,
        place: (location) => this.toScreen(location),
      }, options)
      this.markers.place()
      this.placeCustomCallouts()
      const bar = scaleBar(metres, 80)
      this.ruler.hidden = !options.showScale
      this.ruler.style.width = `${bar.pixels}px`
      this.ruler.textContent = bar.metres >= 1000 ? `${bar.metres / 1000} km` : `${bar.metres} m`
      this.compass.hidden = !options.showCompass
      if (this.here) {
        const { x, y } = this.toScreen(this.here)
        this.location.style.transform = `translate(${x}px,${y}px)`
      }
    })
  }

  /** `<cover-view slot="callout"><cover-view marker-id="1">` stand over their markers. */
  private placeCustomCallouts(): void {
    for (const host of this.map.slot.querySelectorAll('wx-cover-view')) {
      const callout = builtinOf(host)
      const id = (callout?.props as { markerId?: unknown } | undefined)?.markerId
      if (id === null || id === undefined) continue
      const at = this.markers.calloutPlace(Number(id))
      const shown = at && `position:absolute;left:${at.x}px;top:${at.y}px;transform:translate(-50%,-100%)`
      callout!.styleHost(shown ?? 'display:none')
    }
  }

  // ---- MapContext --------------------------------------------------------------------------------------------

  readonly methods = {
    getCenterLocation: () => ({ ...this.centre }),
    getScale: () => ({ scale: this.scale }),
    getRotate: () => ({ rotate: 0 }),
    getSkew: () => ({ skew: 0 }),
    getRegion: () => this.region,
    moveToLocation: ({ latitude, longitude }: Partial<Location>) => {
      const to = latitude !== undefined && longitude !== undefined ? { latitude, longitude } : this.here
      if (!to) throw new Error('auth deny')
      this.moveTo(to, this.scale, 'update')
    },
    includePoints: ({ padding = [], points }: { points: Location[]; padding?: number[] }) =>
      this.include(points, padding),
    addMarkers: ({ clear, markers }: { markers: Marker[]; clear?: boolean }) => {
      this.markers.set([...(clear ? [] : this.markers.list), ...markers])
      this.render()
    },
    removeMarkers: ({ markerIds }: { markerIds: number[] }) => {
      this.markers.set(this.markers.list.filter(({ id }) => !markerIds.includes(id!)))
      this.render()
    },
    translateMarker: ({ animationEnd, destination, duration = 1000, markerId, rotate }: Translation) => {
      const { marker } = this.markers.find(markerId)
      if (rotate !== undefined) marker.rotate = rotate
      this.markers.move(markerId, [destination], duration, () => this.render(), animationEnd)
    },
    moveAlong: ({ duration, markerId, path }: { markerId: number; path: Location[]; duration: number }) =>
      new Promise<void>((resolve) => this.markers.move(markerId, path, duration, () => this.render(), resolve)),
    fromScreenLocation: ({ x, y }: Pixel) => this.fromScreen({ x, y }),
    toScreenLocation: (location: Location) => this.toScreen(location),
    setCenterOffset: () => undefined,
    setLocMarkerIcon: () => undefined,
  }
}
