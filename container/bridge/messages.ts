/**
 * Messages between host and frame. One MessagePort per frame, made by the host.
 *
 * Order: frame posts {eden: "hello"} to its parent; host answers with {eden: "port"} and transfers a port;
 * everything after that goes over the port. The host trusts nothing in a FrameMessage (see ./check.ts).
 */

/** JSON plus binary values (structured clone), nothing else. */
export type Wire =
  | null
  | undefined
  | boolean
  | number
  | string
  | ArrayBuffer
  | Blob
  | Wire[]
  | { [key: string]: Wire }

export type WireObject = { [key: string]: Wire }

export interface WireError {
  /** the part after "NAME:fail ", for example "auth deny" */
  reason: string
  errno?: number
}

// ---- frame to host -------------------------------------------------------------------------------------------

/** A capability call; answered by one Reply with the same id. */
export interface Call {
  kind: 'call'
  id: number
  name: string
  args: WireObject
}

/** Fire and forget. */
export type Notice =
  /** the runtime is loaded and waits for Boot */
  | { kind: 'loaded' }
  /**
   * a page has painted, the first of this launch before all; `render`: ms since the page began to be made; `fault`:
   * without code that it cannot do without
   */
  | { kind: 'painted'; page: string; ms: number; render?: number; fault?: string }
  /** the visible page changed; stack is bottom to top; `how`: by which function of the router */
  | { kind: 'route'; stack: { route: string; query: { [key: string]: string } }[]; how?: string }
  /** `manager`: written by a log manager, not to the console alone; `filter`: the words to find it by */
  | {
    kind: 'log'; level: 'log' | 'info' | 'warn' | 'error' | 'debug'; args: Wire[]; stack?: string
    manager?: 'realtime' | 'kept'; tag?: string; filter?: string
  }
  /** uncaught error or rejection in the program's code */
  | { kind: 'error'; type: 'error' | 'unhandledRejection'; message: string; stack?: string; page?: string }
  /** an API or component that Eden does not have was used */
  | { kind: 'unsupported'; what: 'api' | 'component'; name: string; page?: string }
  /** what the runtime measured by itself: slow updates, long tasks, taps, white screens (docs/observe.md) */
  | { kind: 'observed'; records: WireObject[] }
  | { kind: 'pong'; seq: number }

export type FrameMessage = Call | Notice

// ---- host to frame -------------------------------------------------------------------------------------------

export interface Reply {
  kind: 'reply'
  id: number
  value?: WireObject
  error?: WireError
}

export interface HostEvent {
  kind: 'event'
  name: HostEventName
  detail: WireObject
}

export type HostEventName =
  | 'show' // {scene, path?, query?, referrerInfo?}
  | 'hide'
  | 'theme' // {theme: "light"|"dark"}
  | 'resize' // {system: SystemInfo}
  | 'network' // {isConnected, networkType}
  | 'memoryWarning' // {level}
  | 'userCaptureScreen'
  | 'socket' // {socketId, event: "open"|"message"|"close"|"error", data?, code?, reason?, header?}
  | 'progress' // {taskId, progress, totalBytesWritten?, ...} of upload or download
  | 'chunk' // {taskId, data} of a chunked request
  | 'headers' // {taskId, header, cookies}
  | 'back' // the person pressed the phone's back button
  | 'home' // "back to the entry page" from the capsule's menu
  | 'share' // "share" chosen in the capsule's menu
  | 'device' // {event: "accelerometer"|"compass"|"gyroscope"|"deviceMotion"|"location"|"locationError"|"battery", ...}
  | 'collect' // {kinds} that the runtime shall measure from now on
  | 'secureKeyboard' // {id, count} of keys that were pressed on the secure keyboard
  | 'settings' // {authSetting} changed by the person
  | 'updateReady'
  | 'updateFailed'
  | 'reload' // live reload: {packages, keepStack: boolean}
  | 'devtools' // {command, ...} simulator only

export interface Ping {
  kind: 'ping'
  seq: number
}

export type HostMessage = Boot | Reply | HostEvent | Ping

/** Everything the frame needs to start; sent once. */
export interface Boot {
  kind: 'boot'
  appId: string
  /** the verified manifest (docs/package-format.md) */
  manifest: WireObject
  /** verified files of the packages needed to start: package name → path → bytes */
  packages: { [name: string]: PackageFiles }
  system: SystemInfo
  launch: LaunchOptions
  /** storage snapshot: key → JSON text */
  storage: { [key: string]: string }
  storageLimitKB: number
  /** the program's own files (wxfile://usr and saved files): path → bytes; a path ending in "/" is a folder */
  userFiles?: { [path: string]: { data: ArrayBuffer; modified: number } }
  /** scopes decided so far: scope.* → granted */
  authSetting: { [scope: string]: boolean }
  network: { isConnected: boolean; networkType: string }
  /** host's own features, for wx.canIUse: names of Calls it answers */
  capabilities: string[]
  /** develop: verbose, check: run by `eden check` */
  mode: 'develop' | 'trial' | 'release' | 'check'
  /** strings of the shell and built-in components */
  locale: 'zh_CN' | 'en'
  /** kinds that the runtime shall measure and tell by `observed`; none: nobody collects */
  collect?: string[]
}

export type PackageFiles = { [path: string]: ArrayBuffer }

export interface LaunchOptions {
  path: string
  query: { [key: string]: string }
  scene: number
  referrerInfo: { appId?: string; extraData?: Wire }
}

/** Lengths in CSS px; the frame covers the whole phone screen, status bar included. */
export interface SystemInfo {
  brand: string
  model: string
  platform: string // "devtools" | "ios" | "android" | "web"
  system: string
  language: string
  pixelRatio: number
  screenWidth: number
  screenHeight: number
  statusBarHeight: number
  safeArea: { left: number; top: number; right: number; bottom: number; width: number; height: number }
  /** the capsule drawn by the host over the frame */
  menuButton: { left: number; top: number; right: number; bottom: number; width: number; height: number }
  theme: 'light' | 'dark'
  fontSizeSetting: number
  hostVersion: string
  deviceOrientation: 'portrait' | 'landscape'
}
