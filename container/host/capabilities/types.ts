/**
 * What the host gives to a capability: the host's side of a `wx.*` call that leaves the frame.
 *
 * Before a capability runs, the host has checked the message's shape, size and rate, and for network calls the
 * program's domain lists. A capability answers with the result's fields, or throws `CapabilityError`.
 */
import type { HostEventName, WireObject } from '../../bridge/messages'
import type { KeyboardRequest, KeyboardResult } from '../keyboard/options'
import type { Prompter } from '../prompt'
import type { Gateway } from '../rpc/gateway'

export type Capability = (call: HostCall) => Promise<WireObject> | WireObject

export interface HostCall {
  readonly name: string
  readonly args: WireObject
  readonly program: Program
  readonly prompt: Prompter
  readonly locale: 'zh_CN' | 'en'
  /**
   * Resolves when the person grants this scope now or did so before; otherwise rejects with
   * CapabilityError('auth deny', 103). Asks once, then remembers, until it is changed in the settings.
   * Beside WeChat's scopes: `scope.login` (wx.login).
   */
  authorize(scope: string): Promise<void>
  /** Post an event to the frame that made this call. */
  emit(name: HostEventName, detail: WireObject, transfer?: Transferable[]): void
  /** Values of this program. */
  readonly store: ValueStore
  /** Values of the person, shared by all programs: addresses, nickname. A capability shows them only after asking. */
  readonly profile: ValueStore
  readonly services: Services
  /** of the embedding organisation, if there is one */
  readonly gateway: Gateway | undefined
  readonly phone: PhoneControl
  /** Identity of the running frame; state that must end with it (sockets, tasks, sensors) is kept by this key. */
  readonly session: object
  /** Aborted when the frame ends. */
  readonly signal: AbortSignal
}

export interface Program {
  readonly appId: string
  readonly name: string
  readonly manifest: WireObject
  /** null: every domain is allowed */
  readonly domains: { readonly [kind: string]: readonly string[] } | null
}

/** Persistent values under string keys; values are what structured clone takes. */
export interface ValueStore {
  get<T>(key: string): Promise<T | undefined>
  /** undefined removes the key; all changes are written in one transaction. */
  write(changes: ReadonlyMap<string, unknown>): Promise<void>
  /** Keys with this prefix, and their values. */
  entries<T>(prefix: string): Promise<[string, T][]>
  /** Keys with this prefix; values are not read. */
  keys(prefix: string): Promise<string[]>
}

/** What the embedding page may supply; everything has a default that works without a server. */
export interface Services {
  /** A replacement takes uploads, too; the browser's own (`browserFetch`) leaves them to XMLHttpRequest (progress). */
  fetch: typeof fetch
  /**
   * Prefix of a proxy for program requests, `/_proxy?url=`; the target address follows, percent-encoded.
   * Browsers neither send nor show some headers; a proxy takes `x-eden-header-NAME` as request header NAME and
   * gives `x-eden-set-cookie`, a JSON array of the answer's Set-Cookie values, and marks an answer of its own, because
   * it reached no server, with `x-eden-unreachable`.
   */
  proxy?: string
  /** Exchanges the person's identity for a one-time code (wx.login). */
  login?(program: Program): Promise<{ code: string }>
  /** False: the session of the last login has ended (wx.checkSession). */
  checkSession?(program: Program): Promise<boolean>
  /** Fields that wx.getUserInfo and wx.getUserProfile answer with. */
  userInfo?(program: Program, options: WireObject): Promise<WireObject>
  /** Fields of the button's getphonenumber event, after the person agreed. */
  phoneNumber?(program: Program): Promise<WireObject>
  /** Pays, after the person confirmed; rejects when it fails. */
  pay?(program: Program, options: WireObject): Promise<WireObject>
  /** Called with the templates that the person accepted (wx.requestSubscribeMessage). */
  subscribe?(program: Program, templateIds: string[]): Promise<void>
}

/** The phone's own functions, supplied by the host. */
export interface PhoneControl {
  /** scope.* → granted, of this program. */
  authSetting(): Promise<{ [scope: string]: boolean }>
  /** Shows the program's settings, where scopes are granted and withdrawn; resolves when they are closed. */
  openSettings(): Promise<{ [scope: string]: boolean }>
  /** wx.navigateToMiniProgram; rejects with CapabilityError('invalid appid') when there is none. */
  openProgram(options: { appId: string; path: string; extraData: WireObject; embedded: boolean }): Promise<void>
  /** wx.navigateBackMiniProgram; rejects when this program was not opened by another. */
  backToProgram(extraData: WireObject): Promise<void>
  /** wx.exitMiniProgram: close this program. */
  exit(): Promise<void>
  /** wx.restartMiniProgram: a fresh frame at this path. */
  restart(path: string): Promise<void>
  /** Which ways of sharing the phone's menu offers on the current page: shareAppMessage, shareTimeline. */
  shareMenu?(menus: string[]): void
  /** A PIN or a password on the secure keyboard; there is none without a server that it could seal to. */
  typeSecurely?(request: KeyboardRequest): Promise<KeyboardResult>
  /** Share a page; without it, the device's share sheet or the clipboard takes title and path. */
  share?(card: ShareCard): Promise<void>
}

export interface ShareCard {
  title: string
  /** page with its query */
  path: string
  imageUrl: string
}

/** A failed call; `reason` is the part of errMsg after "NAME:fail ". */
export class CapabilityError extends Error {
  constructor(readonly reason: string, readonly errno?: number) {
    super(reason)
  }
}

export const browserFetch: typeof fetch = (input, init) => globalThis.fetch(input, init)

export const fail = (reason: string, errno?: number): CapabilityError => new CapabilityError(reason, errno)
export const cancelled = (): CapabilityError => new CapabilityError('cancel')
