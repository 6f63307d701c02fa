/** The ground and the lines and areas of a map, drawn on a canvas from back to front. */
import type { Location, Pixel } from './mercator'
import type { MapProps } from './types'

export interface Scene {
  width: number
  height: number
  dark: boolean
  region: { southwest: Location; northeast: Location }
  /** metres per px */
  metres: number
  place(location: Location): Pixel
}

type Overlays = Pick<MapProps, 'polyline' | 'polygons' | 'circles'>

/** WeChat writes colours as #RRGGBBAA, which canvas knows, too. */
const color = (text: string | undefined, fallback: string): string => text || fallback

export function draw(context: CanvasRenderingContext2D, scene: Scene, overlays: Overlays): void {
  grid(context, scene)
  const byDepth = [...(overlays.polygons ?? [])].sort((a, b) => (a.zIndex ?? 0) - (b.zIndex ?? 0))
  for (const polygon of byDepth) {
    trace(context, scene, polygon.points ?? [])
    context.closePath()
    context.fillStyle = color(polygon.fillColor, 'transparent')
    context.fill()
    context.setLineDash(polygon.dashArray ?? [])
    stroke(context, color(polygon.strokeColor, '#000'), polygon.strokeWidth ?? 1)
  }
  for (const circle of overlays.circles ?? []) {
    const { x, y } = scene.place(circle)
    context.beginPath()
    context.arc(x, y, Math.max(0, circle.radius / scene.metres), 0, 2 * Math.PI)
    context.fillStyle = color(circle.fillColor, 'transparent')
    context.fill()
    stroke(context, color(circle.color, '#000'), circle.strokeWidth ?? 1)
  }
  context.lineCap = context.lineJoin = 'round'
  for (const line of overlays.polyline ?? []) {
    const width = line.width ?? 2
    trace(context, scene, line.points ?? [])
    if (line.borderWidth) stroke(context, color(line.borderColor, '#000'), width + 2 * line.borderWidth)
    context.setLineDash(line.dottedLine ? [width * 2, width * 2] : [])
    stroke(context, color(line.color, '#000'), width)
    context.setLineDash([])
  }
}

function trace(context: CanvasRenderingContext2D, scene: Scene, points: readonly Location[]): void {
  context.beginPath()
  for (const point of points) {
    const { x, y } = scene.place(point)
    context.lineTo(x, y)
  }
}

function stroke(context: CanvasRenderingContext2D, style: string, width: number): void {
  if (!(width > 0)) return
  context.strokeStyle = style
  context.lineWidth = width
  context.stroke()
}

/** Distance between grid lines, degrees: the smallest round one that keeps them apart. */
const STEPS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30]

function grid(context: CanvasRenderingContext2D, { dark, height, place, region, width }: Scene): void {
  const { northeast, southwest } = region
  const perLine = ((northeast.longitude - southwest.longitude) / width) * 70
  const step = STEPS.find((degrees) => degrees >= perLine) ?? 30
  const digits = Math.max(0, -Math.floor(Math.log10(step)))
  context.fillStyle = dark ? '#1e2226' : '#f3f1ec'
  context.fillRect(0, 0, width, height)
  context.fillStyle = dark ? '#6b7280' : '#a8a29a'
  context.font = '9px sans-serif'
  context.beginPath()
  for (let degrees = Math.ceil(southwest.longitude / step) * step; degrees <= northeast.longitude; degrees += step) {
    const { x } = place({ latitude: northeast.latitude, longitude: degrees })
    context.moveTo(x, 0)
    context.lineTo(x, height)
    context.fillText(`${degrees.toFixed(digits)}°`, x + 2, 10)
  }
  for (let degrees = Math.ceil(southwest.latitude / step) * step; degrees <= northeast.latitude; degrees += step) {
    const { y } = place({ latitude: degrees, longitude: southwest.longitude })
    context.moveTo(0, y)
    context.lineTo(width, y)
    context.fillText(`${degrees.toFixed(digits)}°`, 2, y - 2)
  }
  stroke(context, dark ? '#2c3238' : '#e2ded5', 1)
}
