/** Entry of the host's bundle: the class, the element, and the types of both. */
import { EdenPhone } from './phone'

export { EdenHost } from './host'
export { EdenPhone } from './phone'
export { ANSWERED_CALLS } from './program/calls'
export type { Collect, CollectOptions, CollectServer, Consent, ObservedRecord } from './collect/collect'
export type { Happening } from './collect/happenings'
export type { HostOptions, OpenOptions } from './options'
export type { KeyboardOptions, KeyboardRequest, KeyboardResult } from './keyboard/options'
export type { Fault, HostEventDetail, HostEvents } from './events'
export type { Answers, Panel, Prompter, PromptPolicy, Question } from './prompt'
export type { Inspector } from './program/inspector'
export type { Program, Services } from './capabilities/types'
export type { Platform, PlatformOptions } from './updates/platform'
export type { SystemInfo } from '../bridge/messages'

if (!customElements.get('eden-phone')) customElements.define('eden-phone', EdenPhone)
