/** The phones that the simulator can be. Lengths in CSS px, upright. */
import type { SystemInfo } from '../bridge/messages'

export interface Device {
  id: string
  name: string
  brand: string
  system: string
  width: number
  height: number
  pixelRatio: number
  /** height of the status bar, and the insets that a notch or a home indicator takes */
  statusBar: number
  bottom: number
  /** what is cut out of the screen at the top */
  cut: 'none' | 'notch' | 'island' | 'camera'
  /** radius of the screen's corners */
  radius: number
}

export const DEVICES: readonly [Device, ...Device[]] = [
  {
    id: 'iphone-14', name: 'iPhone 14', brand: 'iPhone', system: 'iOS 17.0', width: 390, height: 844, pixelRatio: 3,
    statusBar: 47, bottom: 34, cut: 'notch', radius: 44,
  },
  {
    id: 'iphone-se', name: 'iPhone SE', brand: 'iPhone', system: 'iOS 17.0', width: 375, height: 667, pixelRatio: 2,
    statusBar: 20, bottom: 0, cut: 'none', radius: 4,
  },
  {
    id: 'iphone-14-pro-max', name: 'iPhone 14 Pro Max', brand: 'iPhone', system: 'iOS 17.0', width: 430, height: 932,
    pixelRatio: 3, statusBar: 59, bottom: 34, cut: 'island', radius: 52,
  },
  {
    id: 'pixel-7', name: 'Pixel 7', brand: 'Google', system: 'Android 14', width: 412, height: 915, pixelRatio: 2.625,
    statusBar: 36, bottom: 0, cut: 'camera', radius: 28,
  },
  {
    id: 'small-android', name: 'Android 360', brand: 'Android', system: 'Android 10', width: 360, height: 640,
    pixelRatio: 2, statusBar: 24, bottom: 0, cut: 'none', radius: 4,
  },
  {
    id: 'tablet', name: 'iPad Air', brand: 'iPad', system: 'iPadOS 17.0', width: 820, height: 1180, pixelRatio: 2,
    statusBar: 24, bottom: 20, cut: 'none', radius: 18,
  },
]

export const deviceOf = (id: string | null): Device => DEVICES.find((device) => device.id === id) ?? DEVICES[0]

type Insets = Record<'top' | 'right' | 'bottom' | 'left', number>

/** What a program is told about this device. Lying, phones hide the status bar and a notch is at a side. */
export function systemOf(device: Device, lying: boolean): Partial<SystemInfo> {
  const { brand, name, system, pixelRatio, statusBar, bottom, cut } = device
  const [width, height] = lying ? [device.height, device.width] : [device.width, device.height]
  const side = lying && (cut === 'notch' || cut === 'island') ? statusBar : 0
  const statusBarHeight = lying && cut !== 'none' ? 0 : statusBar
  const insets = { top: statusBarHeight, right: side, bottom: lying && bottom ? Math.min(bottom, 21) : bottom, left: side }
  return { brand, model: name, system, pixelRatio, platform: 'devtools', ...measures(width, height, statusBarHeight, insets) }
}

/** What a program is told when it fills the browser of a real phone, which has a status bar of its own. */
export function systemOfBrowser(width: number, height: number, insets: Insets): Partial<SystemInfo> {
  return {
    brand: 'Eden', model: 'Eden phone', system: 'Web', pixelRatio: window.devicePixelRatio, platform: 'web',
    ...measures(width, height, insets.top, insets),
  }
}

function measures(width: number, height: number, statusBarHeight: number, insets: Insets): Partial<SystemInfo> {
  const { top, left } = insets
  const right = width - insets.right
  const bottom = height - insets.bottom
  return {
    screenWidth: width, screenHeight: height, statusBarHeight, deviceOrientation: width > height ? 'landscape' : 'portrait',
    safeArea: { left, top, right, bottom, width: right - left, height: bottom - top },
    menuButton: { left: right - 94, top: statusBarHeight + 6, right: right - 7, bottom: statusBarHeight + 38, width: 87, height: 32 },
  }
}
