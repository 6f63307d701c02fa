/**
 * Which devices are in a share of a release, version 1. Frozen. The way and its reasons are told in
 * src/eden/base/targeting/bucketing_v1.py; both read the same vectors in their tests.
 */
import { sha256Plain } from '../package/sha256'

/** A share is counted in basis points: 10,000 is everyone. */
export const EVERYONE = 10_000
/** Buckets are numbers below this. All products here are below 2^53. */
const BUCKETS = 2 ** 32

const encoder = new TextEncoder()

/** The device's place in 0..2^32-1 under this salt: the first four bytes of SHA-256(salt ":" device). */
export function bucket(salt: string, deviceId: string): number {
  return parseInt(sha256Text(`${salt}:${deviceId}`).slice(0, 8), 16)
}

/** Whether the bucket is among the first `share` basis points; RangeError unless the share is in 0..10000. */
export function inShare(bucket: number, share: number): boolean {
  if (!(share >= 0 && share <= EVERYONE)) throw new RangeError(`a share is between 0 and ${EVERYONE}, not ${share}`)
  return bucket * EVERYONE < share * BUCKETS
}

/** Whether the bucket is in the second share but not in the first; RangeError unless 0 <= low <= high <= 10000. */
export function inRange(bucket: number, lowShare: number, highShare: number): boolean {
  if (!(lowShare >= 0 && lowShare <= highShare && highShare <= EVERYONE)) {
    throw new RangeError(`a range of shares rises within 0 and ${EVERYONE}, not ${lowShare}..${highShare}`)
  }
  return lowShare * BUCKETS <= bucket * EVERYONE && bucket * EVERYONE < highShare * BUCKETS
}

/** SHA-256 of the UTF-8 of a text, in hex. */
export function sha256Text(text: string): string {
  const bytes = encoder.encode(text)
  return sha256Plain(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
}
