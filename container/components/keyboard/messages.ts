/** What the host and the keyboard's frame say to each other, over a port that the host makes. */
import type { SealAlgorithm } from '../../host/rpc/options'
import type { Offer, Wanted } from './sealing'

export interface Opening {
  kind: 'open'
  offer: Offer
  pins: readonly string[]
  algorithms?: readonly SealAlgorithm[] | undefined
  wanted: Wanted
  /** the keyboard ends by itself at so many keys; 0: at the person's word */
  length: number
  shuffle: boolean
  bound: string
  salt: string
  hash: string
  title: string
  /** who asks */
  program: string
  locale: 'zh_CN' | 'en'
  theme: 'light' | 'dark'
  /** px at the bottom that belong to the phone */
  inset: number
  /** px that the keyboard may be high */
  room: number
}

export type ToFrame = Opening | { kind: 'offer'; offer: Offer } | { kind: 'room'; room: number }

export type ToHost =
  | { kind: 'height'; height: number }
  | { kind: 'count'; count: number }
  /** the offer is old: another one, please */
  | { kind: 'renew' }
  | { kind: 'done'; value: string; count: number }
  | { kind: 'cancel' }
  | { kind: 'failed'; reason: string }
