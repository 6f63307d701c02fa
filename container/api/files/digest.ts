/** MD5 (RFC 1321) and SHA-1 (RFC 3174) of bytes, in hex; browsers offer neither to a sandboxed frame. Pure. */

const rotate = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits))

/** Message padded to 64-byte blocks: 0x80, zeros, length in bits. */
function padded(bytes: Uint8Array, littleEndian: boolean): DataView {
  const size = (Math.floor((bytes.length + 8) / 64) + 1) * 64
  const block = new Uint8Array(size)
  block.set(bytes)
  block[bytes.length] = 0x80
  const view = new DataView(block.buffer)
  const low = (bytes.length << 3) >>> 0
  const high = Math.floor(bytes.length / 0x20000000)
  view.setUint32(size - 8, littleEndian ? low : high, littleEndian)
  view.setUint32(size - 4, littleEndian ? high : low, littleEndian)
  return view
}

function hex(words: number[], littleEndian: boolean): string {
  const view = new DataView(new ArrayBuffer(words.length * 4))
  words.forEach((word, index) => view.setUint32(index * 4, word >>> 0, littleEndian))
  return Array.from(new Uint8Array(view.buffer), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

const MD5_SHIFTS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21]
const MD5_SINES = Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32) | 0)

export function md5(bytes: Uint8Array): string {
  const view = padded(bytes, true)
  const state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]
  for (let offset = 0; offset < view.byteLength; offset += 64) {
    let [a, b, c, d] = state as [number, number, number, number]
    for (let i = 0; i < 64; i++) {
      const round = i >> 4
      const mixed = [(b & c) | (~b & d), (d & b) | (~d & c), b ^ c ^ d, c ^ (b | ~d)][round]!
      const word = [i, 5 * i + 1, 3 * i + 5, 7 * i][round]! % 16
      const sum = a + mixed + MD5_SINES[i]! + view.getUint32(offset + word * 4, true)
      a = d
      d = c
      c = b
      b = (b + rotate(sum | 0, MD5_SHIFTS[round * 4 + (i % 4)]!)) | 0
    }
    ;[a, b, c, d].forEach((value, index) => { state[index] = (state[index]! + value) | 0 })
  }
  return hex(state, true)
}

export function sha1(bytes: Uint8Array): string {
  const view = padded(bytes, false)
  const state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0]
  const words = new Int32Array(80)
  for (let offset = 0; offset < view.byteLength; offset += 64) {
    for (let i = 0; i < 16; i++) words[i] = view.getInt32(offset + i * 4)
    for (let i = 16; i < 80; i++) words[i] = rotate(words[i - 3]! ^ words[i - 8]! ^ words[i - 14]! ^ words[i - 16]!, 1)
    let [a, b, c, d, e] = state as [number, number, number, number, number]
    for (let i = 0; i < 80; i++) {
      const round = Math.floor(i / 20)
      const mixed = round === 0 ? (b & c) | (~b & d) : round === 2 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d
      const next = (rotate(a, 5) + mixed + e + words[i]! + [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6][round]!) | 0
      e = d
      d = c
      c = rotate(b, 30)
      b = a
      a = next
    }
    ;[a, b, c, d, e].forEach((value, index) => { state[index] = (state[index]! + value) | 0 })
  }
  return hex(state, false)
}
