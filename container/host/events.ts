/** What an embedding page can listen to on EdenHost and `<eden-phone>`; all are CustomEvents. */
import type { Notice, WireObject } from '../bridge/messages'
import type { PackageFault } from './package/error'
import type { Question } from './prompt'

type Of<K extends Notice['kind']> = Omit<Extract<Notice, { kind: K }>, 'kind'>

/** Why a program was stopped, or did not start; the names of PackageFault, and the frame's. */
export type Fault =
  | PackageFault
  /** the runtime or the program failed before its first page */
  | 'start'
  /** no sign of life while visible */
  | 'hung'
  /** too many messages */
  | 'flood'
  /** messages that are none */
  | 'messages'
  /** the program tried to navigate its frame to another page */
  | 'left'

export interface HostEvents {
  route: Of<'route'>
  log: Of<'log'>
  error: Of<'error'>
  unsupported: Of<'unsupported'>
  painted: Of<'painted'>
  /** the program was stopped, or could not be started */
  crash: { fault: Fault; message: string }
  /** a question was asked, whoever answers */
  prompt: Question
  /** the program reported something (wx.reportEvent, wx.reportMonitor, performance) */
  report: { report: WireObject }
  /** another program is in front; none: `url` is empty */
  front: object
  /** a newer version was installed; it runs from the next start */
  update: { version: string }
  /** an update was not installed, what runs goes on: for the log, and in the words and language of the person */
  updateRefused: { fault: PackageFault; message: string; text: string }
  /** programs are used, and nobody has said yet whether that may be told (`host.collect.consent`); once */
  undecided: object
  /** a fault of the host or a capability, for its developers */
  internal: { where: string; error: unknown }
}

/** Every detail also says which program it is about. */
export type HostEventDetail<K extends keyof HostEvents> = HostEvents[K] & { appId: string; url: string }
