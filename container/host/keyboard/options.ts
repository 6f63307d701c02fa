/** How an embedding page tells a phone whose secure keyboard it has (docs/keyboard.md), and what is asked of it. */
import type { Wanted } from '../../components/keyboard/sealing'
import type { SealAlgorithm } from '../rpc/options'

export interface KeyboardOptions {
  /** `https://HOST/keyboard/v1/WORKSPACE/` */
  url: string
  /** the server's public Ed25519 keys, base64: one of them must have signed what the server offers */
  pins: readonly string[]
  /** what may be used, of what the server offers; default: everything */
  algorithms?: readonly SealAlgorithm[]
}

export interface KeyboardRequest extends Wanted {
  /** who asks, as the person reads it */
  program: string
  title?: string
  /** the keyboard ends by itself at so many keys */
  length?: number
  /** keys change places at every showing */
  shuffle?: boolean
  /** bound into the sealing, and told to the service */
  bound?: string
  /** a digest in place of what was typed (WeChat's custom-hash and salt) */
  hash?: string
  salt?: string
  /** so many keys were pressed, as it goes */
  counted?: (count: number) => void
  /** takes the keyboard away */
  signal?: AbortSignal
}

export interface KeyboardResult {
  encryptedValue: string
  count: number
}
