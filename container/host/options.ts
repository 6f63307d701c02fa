/** What an embedding page can tell a phone; everything but the runtime has a default. */
import type { Boot, SystemInfo } from '../bridge/messages'
import type { Services } from './capabilities/types'
import type { CollectOptions } from './collect/collect'
import type { Happening } from './collect/happenings'
import type { DomainPolicy } from './frame/policy'
import type { KeyboardOptions } from './keyboard/options'
import type { Manifest } from './package/manifest'
import type { PromptPolicy } from './prompt'
import type { GatewayOptions } from './rpc/options'
import type { PlatformOptions } from './updates/platform'

export interface HostOptions {
  /** the phone fills this element */
  container: HTMLElement
  /** address of runtime.js of the container bundle … */
  runtimeUrl?: string
  /** … or its text */
  runtimeText?: string
  /** folder of the container bundle, for chunks; default: the runtime's folder */
  baseUrl?: string
  /** overrides of what the phone measures */
  system?: Partial<SystemInfo>
  locale?: 'zh_CN' | 'en'
  /** default: as the browser prefers */
  theme?: 'light' | 'dark'
  mode?: Boot['mode']
  policy?: { domains: DomainPolicy }
  /** who answers questions: the person, or always yes or no */
  prompts?: PromptPolicy
  /** where packages and values are kept; `memory` leaves no trace */
  storage?: 'cache' | 'indexeddb' | 'memory'
  /** login, profile, payment, proxy … of the embedding organisation */
  services?: Partial<Services>
  /** package address of a mini program, for wx.navigateToMiniProgram; undefined: there is none */
  resolve?: (appId: string) => string | undefined | Promise<string | undefined>
  /** the server whose releases this phone follows; its programs are opened by `host.platform.address(KEY)` */
  platform?: PlatformOptions
  /** through which programs call operations, by `eden.rpc` (docs/rpc.md); undefined, or a page of http: there is none */
  gateway?: GatewayOptions
  /** of whom PINs and passwords are sealed to (docs/keyboard.md); undefined, or a page of http: there is no secure keyboard */
  keyboard?: KeyboardOptions
  /**
   * what programs of that server do is told to it, as its workspace and the person wish (docs/observe.md); false: nothing
   * is ever recorded
   */
  collect?: false | CollectOptions
  /**
   * shows a web application (kind `h5`) of that server, which runs on an origin of its own, not in this phone's frames;
   * `observe` is told what becomes of it, for those who collect
   */
  web?: (url: string, manifest: Manifest, observe: (happening: Happening) => void) => void
  /** false: no status bar and no capsule; the embedding page has its own */
  chrome?: boolean
  /** ms without a sign of life before a visible program counts as hung; 0: never. Default: see watchdog.ts */
  hangLimit?: number
}

export interface OpenOptions {
  /** page, with or without query; default: the entry page */
  path?: string
  query?: { [key: string]: string }
  /** WeChat's scene value; default 1001 (list of mini programs) */
  scene?: number
  /** refuse a package of another program */
  appId?: string
  /** a new frame and the newest package, even if the program runs already */
  fresh?: boolean
}

/** Version of the host, as programs see it. */
export const HOST_VERSION = '0.1.0'
export const SCENE_DEFAULT = 1001
export const SCENE_FROM_PROGRAM = 1037
export const SCENE_BACK_FROM_PROGRAM = 1038

const STATUS_BAR = 24
const CAPSULE = { width: 87, height: 32, right: 7, top: 6 }

/** The phone as it is now: measured, then overridden. */
export function systemInfo(
  options: HostOptions,
  screen: { width: number; height: number },
  theme: 'light' | 'dark',
): SystemInfo {
  const { system = {} } = options
  const { width, height } = { width: system.screenWidth ?? screen.width, height: system.screenHeight ?? screen.height }
  const statusBarHeight = system.statusBarHeight ?? (options.chrome === false ? 0 : STATUS_BAR)
  const top = statusBarHeight + CAPSULE.top
  const right = width - CAPSULE.right
  return {
    brand: 'Eden', model: 'Eden phone', platform: 'web', system: 'Web', language: options.locale ?? 'zh_CN',
    pixelRatio: window.devicePixelRatio, fontSizeSetting: 16, hostVersion: HOST_VERSION,
    deviceOrientation: width > height ? 'landscape' : 'portrait',
    safeArea: { left: 0, top: statusBarHeight, right: width, bottom: height, width, height: height - statusBarHeight },
    menuButton: {
      left: right - CAPSULE.width,
      top,
      right,
      bottom: top + CAPSULE.height,
      width: CAPSULE.width,
      height: CAPSULE.height,
    },
    ...system,
    screenWidth: width, screenHeight: height, statusBarHeight, theme,
  }
}
