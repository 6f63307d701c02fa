/**
 * Membership of big lists, checked against signed metadata, version 1. Frozen. The tree is that of RFC 6962 and is
 * told in src/eden/base/targeting/merkle_list_v1.py; this is the verifying half.
 */
import { sha256Plain } from '../package/sha256'
import { sha256Text } from './bucketing-v1'

/** Longest path that is read: a list of 2^40 ids. */
const LONGEST_PATH = 40
const HASH = /^[0-9a-f]{64}$/

/** The place of the id's leaf, and in hex the hashes beside its way up to the root. */
export interface Proof { readonly index: number; readonly path: readonly string[] }

/**
 * Whether the proof shows that the id is in the list of this root (hex) and size (RFC 9162, section 2.1.3.2). The proof
 * may be anything: what is malformed is no proof.
 */
export function verifyMembership(root: string, size: number, salt: string, id: string, proof: Proof): boolean {
  const { index, path } = (proof ?? {}) as Partial<Proof>
  if (index === undefined) return false
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return false
  if (!Array.isArray(path) || path.length > LONGEST_PATH) return false
  // sizes may be above 2^31: no bit operations
  let place = index
  let last = size - 1
  let reached = hashOf('00', sha256Text(`${salt}:${id}`))
  for (const beside of path as unknown[]) {
    if (last === 0 || typeof beside !== 'string' || !HASH.test(beside)) return false
    if (place % 2 === 1 || place === last) {
      reached = hashOf('01', beside, reached)
      while (place % 2 === 0 && place !== 0) {
        place /= 2
        last = Math.floor(last / 2)
      }
    } else {
      reached = hashOf('01', reached, beside)
    }
    place = Math.floor(place / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 && reached === root
}

/** SHA-256 of bytes given in hex. */
function hashOf(...parts: readonly string[]): string {
  const hex = parts.join('')
  const bytes = Uint8Array.from({ length: hex.length / 2 }, (_, i) => parseInt(hex.slice(2 * i, 2 * i + 2), 16))
  return sha256Plain(bytes.buffer)
}
