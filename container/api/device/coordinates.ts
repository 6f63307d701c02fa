/**
 * WGS-84 (what devices measure) to GCJ-02 (what maps in China use), by the published approximation with the
 * Krasovsky 1940 ellipsoid; accurate to some metres. Pure.
 */
const SEMI_MAJOR_AXIS = 6378245
const ECCENTRICITY_SQUARED = 0.006693421622965943

const outsideChina = (latitude: number, longitude: number): boolean =>
  longitude < 72.004 || longitude > 137.8347 || latitude < 0.8293 || latitude > 55.8271

const waves = (value: number, periods: [number, number][]): number =>
  periods.reduce((sum, [amplitude, divisor]) => sum + amplitude * Math.sin((value * Math.PI) / divisor), 0) * (2 / 3)

const SHARED: [number, number][] = [[20, 1 / 6], [20, 1 / 2]]

const latitudeShift = (x: number, y: number): number =>
  -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * Math.sqrt(Math.abs(x)) +
  waves(x, SHARED) + waves(y, [[20, 1], [40, 3], [160, 12], [320, 30]])

const longitudeShift = (x: number, y: number): number =>
  300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * Math.sqrt(Math.abs(x)) +
  waves(x, [...SHARED, [20, 1], [40, 3], [150, 12], [300, 30]])

/** Degrees to degrees; outside China both systems agree. */
export function toGcj02(latitude: number, longitude: number): { latitude: number; longitude: number } {
  if (outsideChina(latitude, longitude)) return { latitude, longitude }
  const x = longitude - 105
  const y = latitude - 35
  const radians = (latitude * Math.PI) / 180
  const magic = 1 - ECCENTRICITY_SQUARED * Math.sin(radians) ** 2
  const meridian = (SEMI_MAJOR_AXIS * (1 - ECCENTRICITY_SQUARED)) / (magic * Math.sqrt(magic))
  const parallel = (SEMI_MAJOR_AXIS / Math.sqrt(magic)) * Math.cos(radians)
  return {
    latitude: latitude + (latitudeShift(x, y) * 180) / (meridian * Math.PI),
    longitude: longitude + (longitudeShift(x, y) * 180) / (parallel * Math.PI),
  }
}
