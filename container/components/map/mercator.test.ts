import { describe, expect, it } from 'vitest'
import { fit, metresPerPixel, project, scaleBar, unproject } from './mercator'

describe('projection', () => {
  it('puts the middle of the world in the middle of the square', () => {
    expect(project({ latitude: 0, longitude: 0 }, 1)).toEqual({ x: 256, y: 256 })
    expect(project({ latitude: 85.0511287798, longitude: -180 }, 0).y).toBeCloseTo(0, 6)
  })

  it('is undone by unproject', () => {
    for (const point of [{ latitude: 39.9, longitude: 116.4 }, { latitude: -33.9, longitude: -151.2 }]) {
      const { latitude, longitude } = unproject(project(point, 13.5), 13.5)
      expect(latitude).toBeCloseTo(point.latitude, 9)
      expect(longitude).toBeCloseTo(point.longitude, 9)
    }
  })

  it('knows the length of a pixel', () => {
    expect(metresPerPixel(0, 0)).toBeCloseTo(40030228.9 / 256, 0)
    expect(metresPerPixel(60, 10)).toBeCloseTo(metresPerPixel(0, 10) / 2, 6)
  })
})

describe('fit', () => {
  const points = [{ latitude: 39.9, longitude: 116.3 }, { latitude: 40.1, longitude: 116.6 }]

  it('shows every point inside the padding', () => {
    const padding = [10, 20, 30, 40]
    const view = fit(points, { width: 300, height: 200 }, padding, { min: 3, max: 20 })
    const middle = project(view, view.scale)
    for (const point of points) {
      const { x, y } = project(point, view.scale)
      expect(x - middle.x + 150).toBeGreaterThan(40 - 1e-6)
      expect(x - middle.x + 150).toBeLessThan(280 + 1e-6)
      expect(y - middle.y + 100).toBeGreaterThan(10 - 1e-6)
      expect(y - middle.y + 100).toBeLessThan(170 + 1e-6)
    }
  })

  it('goes no nearer than allowed for a single point', () => {
    const view = fit(points.slice(0, 1), { width: 300, height: 200 }, [], { min: 3, max: 18 })
    expect(view.scale).toBe(18)
    expect(view.latitude).toBeCloseTo(39.9, 9)
  })
})

it('chooses round bars', () => {
  expect(scaleBar(3, 80)).toEqual({ metres: 200, pixels: 200 / 3 })
  expect(scaleBar(1, 99)).toEqual({ metres: 50, pixels: 50 })
})
