/**
 * Signature checks by Web Crypto. The keys and schemes of the specification: Ed25519, ECDSA on P-256 and RSA-PSS. A
 * key whose scheme the browser lacks is `unusable`: it does not count, and repositories that want to reach such
 * browsers sign with an ECDSA key as well.
 */

/** The part of SubtleCrypto that is used; tests stand in for browsers that have less. */
export type Subtle = Pick<SubtleCrypto, 'digest' | 'importKey' | 'verify'>

type Bytes = Uint8Array<ArrayBuffer>

export interface PublicKey {
  keytype: string
  scheme: string
  /** hex (Ed25519) or PEM */
  public: string
}

interface Suite {
  format: 'raw' | 'spki'
  algorithm: Algorithm & Partial<EcKeyImportParams & RsaHashedImportParams>
  verification: Algorithm & Partial<EcdsaParams & RsaPssParams>
  /** the key as importKey wants it */
  material(text: string): Bytes | undefined
  /** the signature as verify wants it */
  signature(bytes: Bytes): Bytes | undefined
}

const same = (bytes: Bytes): Bytes => bytes
const ofLength = (length: number, bytes: Bytes | undefined) => (bytes?.length === length ? bytes : undefined)

const ECDSA: Suite = {
  format: 'spki',
  algorithm: { name: 'ECDSA', namedCurve: 'P-256' },
  verification: { name: 'ECDSA', hash: 'SHA-256' },
  // an uncompressed point with the curve by its name, the one way in which keys are written: so that no key has two
  material: (text) => ofLength(91, pemBytes(text)),
  signature: rawSignature,
}

const SUITES = new Map<string, Suite>([
  ['ed25519/ed25519', {
    format: 'raw',
    algorithm: { name: 'Ed25519' },
    verification: { name: 'Ed25519' },
    material: (text) => ofLength(32, hexBytes(text)),
    signature: same,
  }],
  ['ecdsa/ecdsa-sha2-nistp256', ECDSA],
  // the key type of python-tuf before 1.0
  ['ecdsa-sha2-nistp256/ecdsa-sha2-nistp256', ECDSA],
  ['rsa/rsassa-pss-sha256', {
    format: 'spki',
    algorithm: { name: 'RSA-PSS', hash: 'SHA-256' },
    verification: { name: 'RSA-PSS', saltLength: 32 },
    material: pemBytes,
    signature: same,
  }],
])
/** The specification's least size of an RSA key, bits. */
const MIN_RSA = 2048

export type Verdict = 'valid' | 'invalid' | 'unusable'

export async function verifySignature(
  subtle: Subtle, key: PublicKey, signature: string, message: Bytes,
): Promise<Verdict> {
  const suite = SUITES.get(`${key.keytype}/${key.scheme}`)
  const material = suite?.material(key.public)
  if (!suite || !material) return 'unusable'
  let imported: CryptoKey
  try {
    imported = await subtle.importKey(suite.format as 'raw', material, suite.algorithm, false, ['verify'])
  } catch {
    return 'unusable'
  }
  if (((imported.algorithm as RsaKeyAlgorithm).modulusLength ?? MIN_RSA) < MIN_RSA) return 'unusable'
  const bytes = hexBytes(signature)
  const native = bytes && suite.signature(bytes)
  if (!native) return 'invalid'
  // some browsers throw where a signature has an impossible size
  const valid = await subtle.verify(suite.verification, imported, native, message).catch(() => false)
  return valid ? 'valid' : 'invalid'
}

/** The same for two entries exactly if they are one key, whatever key ids they stand under. */
export function keyIdentity(key: PublicKey): string {
  const material = SUITES.get(`${key.keytype}/${key.scheme}`)?.material(key.public)
  return material ? toHex(material) : `${key.keytype}/${key.scheme}/${key.public}`
}

export const toHex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

function hexBytes(text: string): Bytes | undefined {
  if (!/^([0-9a-f]{2})+$/i.test(text)) return undefined
  return Uint8Array.from(text.match(/../g)!, (byte) => parseInt(byte, 16))
}

function pemBytes(text: string): Bytes | undefined {
  const base64 = /^\s*-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*$/.exec(text)?.[1]
  try {
    return base64 === undefined ? undefined : Uint8Array.from(atob(base64.replace(/\s/g, '')), (c) => c.charCodeAt(0))
  } catch {
    return undefined
  }
}

/** From DER, a sequence of two integers (RFC 3279 2.2.3), to r and s of 32 bytes each, as Web Crypto has it. */
export function rawSignature(der: Bytes): Bytes | undefined {
  const raw = new Uint8Array(64)
  let at = 2
  if (der[0] !== 0x30 || der[1] !== der.length - 2) return undefined
  for (const end of [32, 64]) {
    const length = der[at + 1]
    if (der[at] !== 0x02 || !length || at + 2 + length > der.length) return undefined
    let digits = der.subarray(at + 2, at + 2 + length)
    if (digits[0]! >= 0x80) return undefined
    if (digits[0] === 0) digits = digits.subarray(1)
    if (digits.length > 32) return undefined
    raw.set(digits, end - digits.length)
    at += 2 + length
  }
  return at === der.length ? raw : undefined
}
