/** What the host sees of a program, as it happens: the material that records are made of (trail.ts). */
import type { LaunchOptions, Notice, WireObject } from '../../bridge/messages'
import type { Fault } from '../events'

/** Which version runs, once it is known. */
export interface ProgramVersion {
  /** the program's name in addresses */
  key: string
  version: string
  code: number
  /** the release that brought it */
  release?: string
  /** a tester's copy */
  trial?: boolean
}

export type LaunchPhase = 'check' | 'download' | 'verify' | 'boot'

/** A call of wx.request and its like, without what was said in it. */
export interface Asked {
  url: string
  method: string
  /** 0: no answer */
  status: number
  /** bytes, as far as they are known */
  up: number
  down: number
  ms: number
  /** why there was no answer */
  failure?: string
}

export type Happening =
  /** a frame is being made for it; `again`: not the first since this page was loaded */
  | { what: 'launch'; again: boolean; scene: number }
  | { what: 'known'; version: ProgramVersion }
  | { what: 'phase'; name: LaunchPhase; ms: number }
  /** it was handed to its frame */
  | { what: 'booted' }
  /** it comes to the front again */
  | { what: 'show'; launch: Pick<LaunchOptions, 'scene'>; elsewhere: boolean; ms: number }
  /** to the background */
  | { what: 'hide' }
  | { what: 'end' }
  | { what: 'crash'; fault: Fault; message: string }
  | { what: 'notice'; notice: Notice }
  | { what: 'asked'; asked: Asked }
  /** wx.reportEvent and the like */
  | { what: 'report'; report: WireObject }

/** With the time, ms since 1970. */
export type Timed = Happening & { at: number }
