/** Bytes, base64, random values, buffer addresses. */
import type { AreaFactory } from './kit'
import { fail, requireParameter } from './kit'

/** btoa works on strings of bytes, and apply takes a limited number of arguments. */
const CHUNK = 0x8000

export function arrayBufferToBase64(buffer: ArrayBuffer): string {
  const bytes = new Uint8Array(buffer)
  let text = ''
  for (let at = 0; at < bytes.length; at += CHUNK) text += String.fromCharCode(...bytes.subarray(at, at + CHUNK))
  return btoa(text)
}

export const base64ToArrayBuffer = (base64: string): ArrayBuffer =>
  Uint8Array.from(atob(String(base64)), (char) => char.charCodeAt(0)).buffer

/** Browsers give at most this many random bytes at once; WeChat's own limit is 1 MB. */
const RANDOM_CHUNK = 65536
const RANDOM_LIMIT = 1048576

function randomValues(options: any): { randomValues: ArrayBuffer } {
  requireParameter(options, 'length', 'Number')
  const { length } = options
  if (!Number.isInteger(length) || length <= 0 || length > RANDOM_LIMIT) throw fail('invalid length')
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at += RANDOM_CHUNK) crypto.getRandomValues(bytes.subarray(at, at + RANDOM_CHUNK))
  return { randomValues: bytes.buffer }
}

export const binary: AreaFactory = () => ({
  async: { getRandomValues: randomValues },
  sync: {
    arrayBufferToBase64,
    base64ToArrayBuffer,
    createBufferURL: (buffer: ArrayBuffer | ArrayBufferView<ArrayBuffer>) => URL.createObjectURL(new Blob([buffer])),
    revokeBufferURL: (url: string) => URL.revokeObjectURL(url),
  },
})
