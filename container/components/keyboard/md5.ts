/** MD5 (RFC 1321), which Web Crypto has not got: for services whose stored values were made with it, and nothing else. */
import type { Bytes } from '../../host/rpc/wire'

const SHIFTS = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]] as const
const SINES = Uint32Array.from({ length: 64 }, (_, step) => Math.floor(Math.abs(Math.sin(step + 1)) * 2 ** 32))

export function md5(data: Bytes): Bytes {
  const size = (data.length + 8 >> 6) + 1 << 6
  const padded = new Uint8Array(size)
  padded.set(data)
  padded[data.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(size - 8, data.length << 3, true)
  view.setUint32(size - 4, data.length >>> 29, true)
  const state = Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476)
  for (let at = 0; at < size; at += 64) block(state, view, at)
  padded.fill(0)
  const out = new DataView(new ArrayBuffer(16))
  state.forEach((word, place) => out.setUint32(place * 4, word, true))
  return new Uint8Array(out.buffer)
}

function block(state: Uint32Array, view: DataView, at: number): void {
  let [a, b, c, d] = state as unknown as [number, number, number, number]
  for (let step = 0; step < 64; step++) {
    const round = step >> 4
    const [mixed, word] = round === 0 ? [b & c | ~b & d, step]
      : round === 1 ? [d & b | ~d & c, 5 * step + 1 & 15]
        : round === 2 ? [b ^ c ^ d, 3 * step + 5 & 15]
          : [c ^ (b | ~d), 7 * step & 15]
    const sum = a + mixed + SINES[step]! + view.getUint32(at + word * 4, true) | 0
    const shift = SHIFTS[round]![step & 3]!
    ;[a, d, c, b] = [d, c, b, b + (sum << shift | sum >>> 32 - shift) | 0]
  }
  state[0]! += a
  state[1]! += b
  state[2]! += c
  state[3]! += d
}
