/**
 * Areas typed against miniprogram-api-typings: options and results of every handler are those of the typings, so
 * the type checker says where we differ. Only names that the typings lack are loose.
 */
/// <reference types="miniprogram-api-typings" />
import type { Area, CallInfo } from './kit'

type Wx = WechatMiniprogram.Wx

export type OptionsOf<K extends keyof Wx> = Wx[K] extends (option: infer O, ...rest: any[]) => unknown
  ? NonNullable<O>
  : never

export type ResultOf<K extends keyof Wx> = OptionsOf<K> extends { success?: infer S }
  ? NonNullable<S> extends (result: infer R, ...rest: any[]) => void
    ? Partial<Omit<R, 'errMsg'>>
    : never
  : object

type Fields<K extends keyof Wx> = ResultOf<K> | void

export type Handlers = {
  [K in keyof Wx]?: (options: OptionsOf<K>, call: CallInfo) => Fields<K> | Promise<Fields<K>>
}

export interface WxArea {
  async?: Handlers
  sync?: { [K in keyof Wx]?: Wx[K] | ((...args: any[]) => unknown) }
  partial?: { [name: string]: string }
}

/** An area whose members are all in the typings. */
export const wxArea = (area: WxArea): Area => area as Area
