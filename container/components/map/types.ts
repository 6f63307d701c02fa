/** Objects that a program gives to `<map>`, as WeChat documents them; lengths in px, distances in m. */
import type { Location } from './mercator'

export interface Callout {
  content: string
  color?: string
  fontSize?: number
  borderRadius?: number
  borderWidth?: number
  borderColor?: string
  bgColor?: string
  padding?: number
  display?: 'BYCLICK' | 'ALWAYS'
  textAlign?: string
  anchorX?: number
  anchorY?: number
}

export interface Marker extends Location {
  id?: number
  title?: string
  iconPath?: string
  width?: number | string
  height?: number | string
  rotate?: number
  alpha?: number
  zIndex?: number
  anchor?: { x: number; y: number }
  callout?: Callout
  customCallout?: { anchorX?: number; anchorY?: number; display?: 'BYCLICK' | 'ALWAYS' }
  label?: Callout & { x?: number; y?: number }
  'aria-label'?: string
}

export interface Line {
  points: Location[]
  color?: string
  width?: number
  dottedLine?: boolean
  borderColor?: string
  borderWidth?: number
  arrowLine?: boolean
}

export interface Polygon {
  points: Location[]
  strokeWidth?: number
  strokeColor?: string
  fillColor?: string
  dashArray?: number[]
  zIndex?: number
}

export interface Circle extends Location {
  color?: string
  fillColor?: string
  radius: number
  strokeWidth?: number
}

export interface Control {
  id?: number
  position?: { left?: number; top?: number; width?: number; height?: number }
  iconPath: string
  clickable?: boolean
}

export interface MapProps {
  longitude: number
  latitude: number
  scale: number
  minScale: number
  maxScale: number
  markers: Marker[]
  polyline: Line[]
  polygons: Polygon[]
  circles: Circle[]
  controls: Control[]
  includePoints: Location[]
  showLocation: boolean
  showCompass: boolean
  showScale: boolean
  enableZoom: boolean
  enableScroll: boolean
  setting: Partial<MapProps>
}
