/** Are these the bytes that signed metadata names? */
import { TrustError } from './error'
import { toHex, type Subtle } from './keys'

/** By name of the hash function; own properties only. */
export type Hashes = Readonly<Record<string, string>>

export interface FileSize {
  /** bytes */
  length?: number | undefined
  hashes?: Hashes | undefined
}

/** In the order of preference; what Web Crypto has. */
const ALGORITHMS: readonly [name: string, algorithm: string][] = [
  ['sha256', 'SHA-256'], ['sha512', 'SHA-512'], ['sha384', 'SHA-384'],
]

export const sha256 = async (subtle: Subtle, bytes: Uint8Array<ArrayBuffer>): Promise<string> =>
  toHex(new Uint8Array(await subtle.digest('SHA-256', bytes)))

/**
 * Throws TrustError unless `bytes` have the size and every hash named. Hashes that are not known here do not help:
 * if there is no other, nothing has been checked, which is a mismatch.
 */
export async function verifyBytes(
  subtle: Subtle, bytes: Uint8Array<ArrayBuffer>, { length, hashes }: FileSize, file: string,
): Promise<void> {
  if (length !== undefined && bytes.byteLength !== length) {
    const fault = bytes.byteLength > length ? 'length' : 'mismatch'
    throw new TrustError(fault, file, `has ${bytes.byteLength} bytes instead of ${length}`)
  }
  if (!hashes) return
  const known = ALGORITHMS.filter(([name]) => Object.hasOwn(hashes, name))
  if (known.length === 0) {
    throw new TrustError('mismatch', file, `has no hash that can be checked, only ${Object.keys(hashes).join(', ')}`)
  }
  for (const [name, algorithm] of known) {
    const found = toHex(new Uint8Array(await subtle.digest(algorithm, bytes)))
    if (found === hashes[name]!.toLowerCase()) continue
    throw new TrustError('mismatch', file, `has another ${name} than announced`)
  }
}

/** The hash before the name of a file of a consistent snapshot. */
export const nameHash = (hashes: Hashes): string =>
  hashes[ALGORITHMS.find(([name]) => Object.hasOwn(hashes, name))?.[0] ?? Object.keys(hashes)[0]!]!
