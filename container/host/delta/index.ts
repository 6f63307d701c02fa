/**
 * Deltas for browsers that have no dictionaries of RFC 9842: a file that makes the new archive of the old one.
 *
 * A `dcz` body (RFC 9842, section 5) is a skippable frame of 40 bytes with the SHA-256 of the old archive, then a
 * Zstandard frame with that archive as raw dictionary.
 */
import { sha256 } from '../package/sha256'
import { decompress } from './decoder'
import { DeltaError } from './error'
import { plainFrame } from './frame'

export { DeltaError, type DeltaFault } from './error'

const HEAD = '5e2a4d1820000000'
const HEAD_SIZE = 40
/** Base and result are in memory twice for a moment. */
const SIZE_LIMIT = 512 * 1024 * 1024

/**
 * The archive of `expectedSize` bytes that `dcz` makes of `base`. `decoder` is the address of the folder `delta` of
 * the container's files.
 *
 * Throws DeltaError. A damaged delta may also give wrong bytes of the right number: compare the result's SHA-256, and
 * fetch the whole archive when it is another, or after an error.
 */
export async function applyDelta(
  base: Uint8Array, dcz: Uint8Array, expectedSize: number, decoder: string,
): Promise<Uint8Array<ArrayBuffer>> {
  if (!Number.isSafeInteger(expectedSize) || expectedSize < 0 || base.length + expectedSize > SIZE_LIMIT) {
    throw new DeltaError('size', `An archive of ${expectedSize} bytes is not made by a delta.`)
  }
  if (dcz.length < HEAD_SIZE || hex(dcz.subarray(0, 8)) !== HEAD) throw new DeltaError('base', 'This is not a delta.')
  if (hex(dcz.subarray(8, HEAD_SIZE)) !== await sha256(exactBuffer(base))) {
    throw new DeltaError('base', 'The delta is of another archive than the one on this phone.')
  }
  const pieces = plainFrame(base, dcz.subarray(HEAD_SIZE), expectedSize)
  const url = `${decoder.replace(/\/$/, '')}/zstd.wasm`
  return decompress(url, pieces, base.length + expectedSize, base.length)
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

/** The bytes as a buffer of their own; without copying when they already fill one. */
const exactBuffer = ({ buffer, byteOffset, byteLength }: Uint8Array): ArrayBuffer =>
  byteLength === buffer.byteLength && buffer instanceof ArrayBuffer
    ? buffer
    : buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer
