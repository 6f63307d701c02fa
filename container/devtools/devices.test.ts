import { describe, expect, it } from 'vitest'
import { DEVICES, deviceOf, systemOf } from './devices'

describe('systemOf', () => {
  it.each(DEVICES)('$name: safe area and capsule lie within the screen, upright and lying', (device) => {
    for (const lying of [false, true]) {
      const { screenWidth = 0, screenHeight = 0, statusBarHeight = 0, safeArea, menuButton, deviceOrientation } = systemOf(device, lying)
      expect([screenWidth, screenHeight]).toEqual(lying ? [device.height, device.width] : [device.width, device.height])
      expect(deviceOrientation).toBe(lying ? 'landscape' : 'portrait')
      expect(safeArea).toMatchObject({ width: safeArea!.right - safeArea!.left, height: safeArea!.bottom - safeArea!.top })
      expect(safeArea!.top).toBe(statusBarHeight)
      expect(safeArea!.bottom).toBeLessThanOrEqual(screenHeight)
      expect(menuButton!.right).toBeLessThan(safeArea!.right)
      expect(menuButton!.top).toBeGreaterThan(statusBarHeight)
    }
  })

  it('puts the notch at the sides of a phone that lies', () => {
    expect(systemOf(deviceOf('iphone-14'), true)).toMatchObject({ statusBarHeight: 0, safeArea: { left: 47, right: 797, bottom: 369 } })
    expect(systemOf(deviceOf('small-android'), true)).toMatchObject({ statusBarHeight: 24, safeArea: { left: 0, right: 640 } })
  })

  it('takes the first device for an unknown one', () => expect(deviceOf('gone')).toBe(DEVICES[0]))
})
