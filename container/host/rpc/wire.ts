/** What goes over the wire between a caller and the gateway (docs/gateway-wire.md), as text and bytes. Pure. */

export type Bytes = Uint8Array<ArrayBuffer>

export const APP = 'x-eden-app'
export const DEVICE = 'x-eden-device'
export const TIME = 'x-eden-time'
export const NONCE = 'x-eden-nonce'
export const SIGNATURE = 'x-eden-signature'
export const ENCRYPTION = 'x-eden-encryption'
export const VERSION = 'x-eden-version'
export const TRACE = 'x-eden-trace'
export const ANSWER_SIGNATURE = 'x-eden-response-signature'

/** organisation.domain.product.operation */
export const isOperationType = (text: string): boolean => /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(text)

export interface Signed {
  app: string
  operationType: string
  method: string
  /** what stands behind the operation in the address */
  target: string
  /** ms since 1970, as the server counts them */
  time: number
  nonce: string
  /** of the body as it is sent, hex */
  digest: string
}

/** The text that a request's signature is of. */
export const textToSign = ({ app, operationType, method, target, time, nonce, digest }: Signed): Bytes =>
  utf8(['EDEN1', app, operationType, method, target, time, nonce, digest].join('\n'))

/** The text that an answer's signature is of. */
export const textOfAnswer = (trace: string, status: number, nonce: string, digest: string): Bytes =>
  utf8(['EDEN1R', trace, status, nonce, digest].join('\n'))

/** What a browser sends behind the path of an address: `'`, blanks and all beyond ASCII are percent-encoded, a fragment is not
    sent. */
export function sentTarget(address: URL): string {
  const whole = new URL(address)
  whole.hash = ''
  const asked = whole.href.indexOf('?')
  return asked < 0 ? '' : whole.href.slice(asked)
}

/** What the encryption of a body is bound to. */
export const sealInfo = (app: string, operationType: string, nonce: string): Bytes =>
  utf8(`eden gateway 1 ${app} ${operationType} ${nonce}`)

/** Headers that are the gateway's own affair, and those that browsers set: a program's are dropped. */
export const isOwnHeader = (name: string): boolean =>
  /^(x-eden-|x-mgs-|sec-|proxy-)/i.test(name)
  || /^(appid|did|ts|sign|signtype|operation-type|host|cookie|content-length|connection|transfer-encoding)$/i.test(name)

// ---- bytes ---------------------------------------------------------------------------------------------------

export const utf8 = (text: string): Bytes => new TextEncoder().encode(text)

export const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

export const unhex = (text: string): Bytes =>
  Uint8Array.from({ length: text.length / 2 }, (_, index) => parseInt(text.slice(2 * index, 2 * index + 2), 16))

export function base64(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text)
}

/** In the alphabet for addresses, without padding. */
export const base64url = (bytes: Uint8Array): string =>
  base64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')

/** Of the usual alphabet or that for addresses, padded or not; undefined: it is neither. */
export function unbase64(text: string): Bytes | undefined {
  try {
    return Uint8Array.from(atob(text.trim().replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0))
  } catch {
    return undefined
  }
}

export function join(...parts: Uint8Array[]): Bytes {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

/** Compared without saying where they differ. */
export function same(one: Uint8Array, other: Uint8Array): boolean {
  let differences = one.length ^ other.length
  for (let index = 0; index < one.length; index += 1) differences |= one[index]! ^ (other[index] ?? 0)
  return differences === 0
}
