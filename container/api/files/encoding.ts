/** Text encodings of the file system: bytes to text and back. Pure. */
import { fail } from '../kit'

type Codec = { decode(bytes: Uint8Array): string; encode(text: string): Uint8Array }

const utf8: Codec = {
  decode: (bytes) => new TextDecoder().decode(bytes),
  encode: (text) => new TextEncoder().encode(text),
}

/** One byte per character. */
const singleByte = (mask: number): Codec => ({
  decode(bytes) {
    let text = ''
    for (let at = 0; at < bytes.length; at += 8192) {
      text += String.fromCharCode(...bytes.subarray(at, at + 8192).map((byte) => byte & mask))
    }
    return text
  },
  encode: (text) => Uint8Array.from(text, (char) => char.charCodeAt(0) & 0xff),
})

const latin1 = singleByte(0xff)

const utf16: Codec = {
  decode: (bytes) => new TextDecoder('utf-16le', { ignoreBOM: true }).decode(bytes),
  encode(text) {
    const bytes = new Uint8Array(text.length * 2)
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at)
      bytes[at * 2] = code & 0xff
      bytes[at * 2 + 1] = code >> 8
    }
    return bytes
  },
}

const base64: Codec = {
  decode: (bytes) => btoa(latin1.decode(bytes)),
  encode(text) {
    try {
      return latin1.encode(atob(text.replace(/^data:[^,]*;base64,/, '')))
    } catch {
      throw fail('base64 encode error', 1300203)
    }
  },
}

const hex: Codec = {
  decode: (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(''),
  encode: (text) => Uint8Array.from(text.match(/[0-9a-f]{2}/gi) ?? [], (pair) => parseInt(pair, 16)),
}

const CODECS: { [name: string]: Codec } = {
  utf8, 'utf-8': utf8,
  ascii: singleByte(0x7f), latin1, binary: latin1,
  ucs2: utf16, 'ucs-2': utf16, utf16le: utf16, 'utf-16le': utf16,
  base64, hex,
}

function codec(name: string): Codec {
  const found = Object.hasOwn(CODECS, name.toLowerCase()) ? CODECS[name.toLowerCase()] : undefined
  if (!found) throw fail(`invalid encoding "${name}"`, 1300022)
  return found
}

export const decode = (bytes: Uint8Array, encoding: string): string => codec(encoding).decode(bytes)

/** Bytes of what a program writes: text in an encoding, or binary. */
export function encode(data: unknown, encoding = 'utf8'): Uint8Array {
  if (typeof data === 'string') return codec(encoding).encode(data)
  if (data instanceof ArrayBuffer) return new Uint8Array(data.slice(0))
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice()
  throw fail('invalid data type, data must be String or ArrayBuffer', 1300022)
}

export const toBuffer = (bytes: Uint8Array): ArrayBuffer => bytes.slice().buffer as ArrayBuffer
