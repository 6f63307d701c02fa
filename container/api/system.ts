/** What a program may know of the phone, the application and itself. */
import type { Runtime } from '../runtime/context'
import type { AreaFactory } from './kit'

/** The version of WeChat's base library whose behaviour this container follows. */
export const SDK_VERSION = '3.8.0'

export const windowInfo = (rt: Runtime) => {
  const { pixelRatio, screenWidth, screenHeight, statusBarHeight, safeArea } = rt.system
  const area = rt.shell.area()
  return {
    pixelRatio,
    screenWidth,
    screenHeight,
    statusBarHeight,
    safeArea: { ...safeArea },
    windowWidth: area.width,
    windowHeight: area.height,
    screenTop: area.top,
  }
}

const deviceInfo = ({ system: { brand, model, platform, system } }: Runtime) => ({
  abi: '',
  deviceAbi: '',
  cpuType: '',
  benchmarkLevel: -1,
  memorySize: '',
  brand,
  model,
  platform,
  system,
})

const appBaseInfo = (rt: Runtime) => ({
  SDKVersion: SDK_VERSION,
  enableDebug: rt.config.debug,
  host: { appId: '', env: 'Eden', version: rt.system.hostVersion },
  language: rt.system.language,
  version: rt.system.hostVersion,
  fontSizeSetting: rt.system.fontSizeSetting,
  fontSizeScaleFactor: rt.system.fontSizeSetting / 16,
  // As documented: only programs with dark mode learn the theme.
  theme: rt.config.darkmode ? rt.theme : undefined,
})

const systemSetting = ({ system, network }: Runtime) => ({
  bluetoothEnabled: true,
  locationEnabled: true,
  wifiEnabled: network.networkType === 'wifi',
  deviceOrientation: system.deviceOrientation,
})

const AUTHORISATIONS = [
  'album',
  'bluetooth',
  'camera',
  'location',
  'microphone',
  'notification',
  'notificationAlert',
  'notificationBadge',
  'notificationSound',
  'phoneCalendar',
]

/** The browser asks the person when a capability is used, so the "application" itself is never refused one. */
const authorizeSetting = () => ({
  ...Object.fromEntries(AUTHORISATIONS.map((name) => [`${name}Authorized`, 'authorized'])),
  locationReducedAccuracy: false,
})

const systemInfo = (rt: Runtime) => ({
  ...windowInfo(rt),
  ...deviceInfo(rt),
  ...appBaseInfo(rt),
  ...systemSetting(rt),
  ...Object.fromEntries(AUTHORISATIONS.map((name) => [`${name}Authorized`, true])),
  locationReducedAccuracy: false,
  batteryLevel: 100,
})

const launch = ({ path, query, scene, referrerInfo }: Runtime['launchOptions']) => ({
  path,
  query: { ...query },
  scene,
  referrerInfo: { ...referrerInfo },
  apiCategory: 'default',
  forwardMaterials: [],
})

const SKYLINE = { isSupported: false, version: '', reason: 'client not supported' }

type Callbacks = { success?: unknown; complete?: unknown } | undefined

/**
 * wx.getSystemInfo is asynchronous in form only: WeChat documents that its callbacks run before it returns, and
 * programs take sizes in onLaunch this way that their components read while they are defined.
 */
const answerAtOnce = (rt: Runtime) => (options: Callbacks) => {
  const info = { ...systemInfo(rt), errMsg: 'getSystemInfo:ok' }
  const callbacks = [options?.success, options?.complete].filter((callback) => typeof callback === 'function')
  if (callbacks.length === 0) return Promise.resolve(info)
  for (const callback of callbacks) rt.guard('wx.getSystemInfo', () => (callback as (value: object) => void)(info))
  return undefined
}

export const system: AreaFactory = (rt) => ({
  async: {
    getSystemInfoAsync: () => systemInfo(rt),
    getSkylineInfo: () => ({ ...SKYLINE }),
    getRendererUserAgent: () => ({ userAgent: navigator.userAgent }),
    getDeviceBenchmarkInfo: () => ({ benchmarkLevel: -1, modelLevel: 0 }),
    getExtConfig: () => ({ extConfig: {} }),
    openSystemBluetoothSetting() {},
    openAppAuthorizeSetting() {},
    setEnableDebug() {},
  },
  sync: {
    getSystemInfo: answerAtOnce(rt),
    getSystemInfoSync: () => systemInfo(rt),
    getWindowInfo: () => windowInfo(rt),
    getDeviceInfo: () => deviceInfo(rt),
    getAppBaseInfo: () => appBaseInfo(rt),
    getSystemSetting: () => systemSetting(rt),
    getAppAuthorizeSetting: authorizeSetting,
    getSkylineInfoSync: () => ({ ...SKYLINE }),
    getLaunchOptionsSync: () => launch(rt.launchOptions),
    getEnterOptionsSync: () => launch(rt.enterOptions),
    getApiCategory: () => 'default',
    getExtConfigSync: () => ({}),
    getExptInfoSync: (keys?: string[]) => Object.fromEntries((keys ?? []).map((key) => [key, ''])),
    version: { version: SDK_VERSION, updateTime: '' },
  },
  partial: {
    getDeviceInfo: 'browsers tell neither processor nor memory',
    getDeviceBenchmarkInfo: 'always unknown (-1)',
    getSystemSetting: 'browsers do not tell whether Bluetooth and location are switched on',
    getAppAuthorizeSetting: 'always "authorized": the browser asks when a capability is used',
    openSystemBluetoothSetting: 'a web page cannot open the settings of the system',
    openAppAuthorizeSetting: 'a web page cannot open the settings of the system',
    getExptInfoSync: 'every experiment is empty',
    getExtConfig: 'there is no third-party platform, so the configuration is empty',
    getExtConfigSync: 'there is no third-party platform, so the configuration is empty',
    setEnableDebug: 'the console belongs to the simulator',
  },
})
