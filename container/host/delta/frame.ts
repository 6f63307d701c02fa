/**
 * A Zstandard frame (RFC 8878) that needs a raw dictionary, as one that needs none: the dictionary goes in front of
 * the content, in blocks that are stored as they are.
 *
 * To a block there is no difference: a raw dictionary is nothing but content that came before (RFC 8878, section 5),
 * stored blocks change neither the repeated offsets nor the entropy tables, and matches count back from where they
 * stand. So any decoder will do, also one that knows no dictionaries. What it gives is the dictionary, then the content.
 */
import { DeltaError } from './error'

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd]
/** the largest block there is */
export const BLOCK_LIMIT = 128 * 1024
const BLOCK_HEAD = 3
const STORED = 0
const REPEATED = 1
const RESERVED = 3
const CHECKSUM_SIZE = 4

/** Pieces of the plain frame, in order; they share the memory of what came in. */
export function plainFrame(base: Uint8Array, frame: Uint8Array, expectedSize: number): Uint8Array[] {
  const { start, checksum } = frameHead(frame, expectedSize)
  const end = blocksEnd(frame, start, expectedSize)
  if (end + (checksum ? CHECKSUM_SIZE : 0) !== frame.length) throw damaged('does not end where its last block says')
  const pieces = [plainHead(base.length + expectedSize)]
  for (let at = 0; at < base.length; at += BLOCK_LIMIT) {
    const piece = base.subarray(at, at + BLOCK_LIMIT)
    pieces.push(littleEndian(piece.length << 3 | STORED << 1, BLOCK_HEAD), piece)
  }
  pieces.push(frame.subarray(start, end))
  return pieces
}

/** Frame_Header, section 3.1.1.1: where the blocks begin. */
function frameHead(frame: Uint8Array, expectedSize: number): { start: number; checksum: boolean } {
  if (!MAGIC.every((byte, i) => frame[i] === byte)) throw damaged('does not begin with a Zstandard frame')
  const descriptor = byteAt(frame, 4)
  const single = (descriptor & 0x20) !== 0
  if (descriptor & 0x08) throw damaged('sets a reserved bit')
  let at = single ? 5 : 6
  for (let i = [0, 1, 2, 4][descriptor & 3]!; i > 0; i--) {
    if (byteAt(frame, at++) !== 0) throw damaged('wants a trained dictionary')
  }
  const sizeField = [single ? 1 : 0, 2, 4, 8][descriptor >> 6]!
  let size = 0
  for (let i = 0; i < sizeField; i++) size += byteAt(frame, at++) * 2 ** (8 * i)
  if (sizeField === 2) size += 256
  if (sizeField && size !== expectedSize) {
    throw new DeltaError('size', `The delta makes ${size} bytes instead of ${expectedSize}.`)
  }
  return { start: at, checksum: (descriptor & 0x04) !== 0 }
}

/** Blocks, section 3.1.1.2: where the last one ends. */
function blocksEnd(frame: Uint8Array, start: number, expectedSize: number): number {
  let plain = 0
  for (let at = start; ;) {
    const head = byteAt(frame, at) | byteAt(frame, at + 1) << 8 | byteAt(frame, at + 2) << 16
    const type = head >> 1 & 3
    const size = head >> 3
    if (type === RESERVED) throw damaged('has a block of a reserved kind')
    if (size > BLOCK_LIMIT) throw damaged('has a block of more than 128 kB')
    if (type === STORED || type === REPEATED) plain += size
    if (plain > expectedSize) throw new DeltaError('size', `The delta makes more than ${expectedSize} bytes.`)
    at += BLOCK_HEAD + (type === REPEATED ? 1 : size)
    if (at > frame.length) throw damaged('breaks off')
    if (head & 1) return at
  }
}

/** One segment, content size in eight bytes; no checksum: whoever asks has the SHA-256. */
const plainHead = (size: number): Uint8Array =>
  Uint8Array.of(...MAGIC, 0xe0, ...littleEndian(size % 2 ** 32, 4), ...littleEndian(Math.floor(size / 2 ** 32), 4))

const littleEndian = (value: number, bytes: number): Uint8Array =>
  Uint8Array.from({ length: bytes }, (_, i) => value >>> 8 * i & 0xff)

function byteAt(frame: Uint8Array, at: number): number {
  const byte = frame[at]
  if (byte === undefined) throw damaged('breaks off')
  return byte
}

const damaged = (what: string): DeltaError => new DeltaError('damaged', `The delta ${what}.`)
