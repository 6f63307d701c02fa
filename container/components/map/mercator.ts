/** Web Mercator on a world of 256 × 2^scale px, as slippy maps use it; degrees in, px out. */

export interface Location {
  latitude: number
  longitude: number
}

export interface Pixel {
  x: number
  y: number
}

const TILE = 256
/** Beyond this latitude the projection leaves its square. */
const LIMIT = 85.0511287798
/** Mean radius of the earth, m. */
const RADIUS = 6371008.8

const worldSize = (scale: number): number => TILE * 2 ** scale

export function project({ latitude, longitude }: Location, scale: number): Pixel {
  const size = worldSize(scale)
  const phi = (Math.min(LIMIT, Math.max(-LIMIT, Number(latitude) || 0)) * Math.PI) / 180
  return {
    x: (((Number(longitude) || 0) + 180) / 360) * size,
    y: ((1 - Math.asinh(Math.tan(phi)) / Math.PI) / 2) * size,
  }
}

export function unproject({ x, y }: Pixel, scale: number): Location {
  const size = worldSize(scale)
  return {
    latitude: (Math.atan(Math.sinh(Math.PI * (1 - (2 * y) / size))) * 180) / Math.PI,
    longitude: (x / size) * 360 - 180,
  }
}

/** Length on the ground of one px at this latitude, m. */
export const metresPerPixel = (latitude: number, scale: number): number =>
  (Math.cos((latitude * Math.PI) / 180) * 2 * Math.PI * RADIUS) / worldSize(scale)

export interface Size {
  width: number
  height: number
}

/** Centre and scale that show every point inside `size` px without `padding` px [top, right, bottom, left]. */
export function fit(
  points: readonly Location[],
  { height, width }: Size,
  padding: readonly number[],
  limits: { min: number; max: number },
): Location & { scale: number } {
  const [top = 0, right = top, bottom = top, left = right] = padding
  const flat = points.map((point) => project(point, 0))
  const xs = flat.map(({ x }) => x)
  const ys = flat.map(({ y }) => y)
  const [west, east, north, south] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)]
  const room = Math.min(
    Math.max(1, width - left - right) / (east - west || 1e-9),
    Math.max(1, height - top - bottom) / (south - north || 1e-9),
  )
  const scale = Math.min(limits.max, Math.max(limits.min, Math.log2(room)))
  const unit = 2 ** scale
  const x = (west + east) / 2 + (right - left) / 2 / unit
  const y = (north + south) / 2 + (bottom - top) / 2 / unit
  return { ...unproject({ x, y }, 0), scale }
}

/** The round distance (1, 2 or 5 × 10^n m) whose bar is at most `limit` px long. */
export function scaleBar(metres: number, limit: number): { metres: number; pixels: number } {
  const most = metres * limit
  const power = 10 ** Math.floor(Math.log10(most))
  const round = [5, 2, 1].find((step) => step * power <= most)! * power
  return { metres: round, pixels: round / metres }
}
