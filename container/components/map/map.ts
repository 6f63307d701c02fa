/** `<map>`: the element; everything that draws comes with the chunk "map" when the first map appears. */
import { Builtin, el } from '../kit'
import { answer } from '../media/placeholder'
import type { MapView } from './map.chunk'
import type { MapProps } from './types'

export const CONTEXT_METHODS = [
  'getCenterLocation', 'setCenterOffset', 'moveToLocation', 'translateMarker', 'moveAlong', 'includePoints',
  'getRegion', 'getRotate', 'getSkew', 'getScale', 'addMarkers', 'removeMarkers', 'fromScreenLocation',
  'toScreenLocation', 'setBoundary', 'setLocMarkerIcon', 'openMapApp', 'initMarkerCluster', 'addCustomLayer',
  'removeCustomLayer', 'addGroundOverlay', 'updateGroundOverlay', 'removeGroundOverlay', 'addVisualLayer',
  'removeVisualLayer', 'addArc',
  'removeArc', 'eraseLines', 'executeVisualLayerCommand',
] as const

export class Map extends Builtin<MapProps> {
  static tag = 'map'
  static override properties = {
    longitude: Number, latitude: Number,
    scale: { type: Number, value: 16 },
    minScale: { type: Number, value: 3 },
    maxScale: { type: Number, value: 20 },
    markers: { type: Array, value: [] },
    polyline: { type: Array, value: [] },
    polygons: { type: Array, value: [] },
    circles: { type: Array, value: [] },
    controls: { type: Array, value: [] },
    includePoints: { type: Array, value: [] },
    showLocation: Boolean, showCompass: Boolean, showScale: Boolean,
    enableZoom: { type: Boolean, value: true },
    enableScroll: { type: Boolean, value: true },
    setting: { type: Object, value: {} },
    covers: null, subkey: null, layerStyle: null, rotate: null, skew: null, enable3D: null, enableOverlooking: null,
    enableRotate: null, enableSatellite: null, enableTraffic: null, enablePoi: null, enableBuilding: null,
    enableAutoMaxOverlooking: null,
  }
  static css = `wx-map{display:block;position:relative;width:300px;height:225px;overflow:hidden;background:#f3f1ec;
touch-action:none}
[data-theme=dark] wx-map{background:#1e2226}
.eden-map-slot{position:absolute;inset:0;pointer-events:none;z-index:1000}.eden-map-slot>*{pointer-events:auto}`

  private view: MapView | undefined
  private loading: Promise<MapView | undefined> | undefined

  override create(): void {
    this.slot = el('div', 'eden-map-slot')
    this.host.append(this.slot)
  }

  override update(name: keyof MapProps): void {
    this.view?.update(name)
  }

  override attached(): void {
    this.loading ??= this.rt.chunk('map').then((part) => {
      const { MapView } = part as typeof import('./map.chunk')
      this.view = new MapView(this)
      return this.view
    }).catch(() => undefined)
    void this.loading.then((view) => { if (this.host.isConnected) view?.attached() })
  }

  override detached(): void {
    this.view?.detached()
  }

  /** MapContext. */
  override context(): unknown {
    const methods = CONTEXT_METHODS.map((name) => [name, (options: any) => {
      const work = (this.loading ?? Promise.resolve(undefined)).then((view) => {
        const methods = view?.methods as { [name: string]: (options: any) => object | void } | undefined
        const method = methods?.[name]
        if (!method) throw new Error('not supported')
        return method(options ?? {})
      })
      answer(options, name, work)
    }])
    return { ...Object.fromEntries(methods), on: () => undefined }
  }
}
