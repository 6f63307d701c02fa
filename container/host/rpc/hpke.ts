/**
 * Hybrid public key encryption (RFC 9180), mode base, one message, by Web Crypto: DHKEM(X25519) or DHKEM(P-256) with
 * HKDF-SHA256, HKDF-SHA256 and AES-256-GCM.
 */
import { join, utf8, type Bytes } from './wire'

export type Kem = 'X25519' | 'P-256'

interface Suite {
  id: number
  algorithm: KeyAlgorithm & Partial<EcKeyAlgorithm>
  /** bytes of a public key */
  size: number
}

const SUITES: { readonly [kem in Kem]: Suite } = {
  X25519: { id: 0x0020, algorithm: { name: 'X25519' }, size: 32 },
  'P-256': { id: 0x0010, algorithm: { name: 'ECDH', namedCurve: 'P-256' }, size: 65 },
}
const HKDF_SHA256 = 0x0001
const AES_256_GCM = 0x0002
const KEY_BYTES = 32
const NONCE_BYTES = 12
const HASH_BYTES = 32

/** enc, then the ciphertext. Throws if the key is none, or the browser has not this curve. */
export async function seal(kem: Kem, publicKey: Bytes, info: Bytes, plain: Bytes): Promise<Bytes> {
  const { algorithm, size } = SUITES[kem]
  if (publicKey.length !== size) throw new Error(`a key of ${kem} has ${size} bytes`)
  const theirs = await crypto.subtle.importKey('raw', publicKey, algorithm, false, [])
  const pair = await crypto.subtle.generateKey(algorithm, false, ['deriveBits']) as CryptoKeyPair
  const enc = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey))
  const shared = new Uint8Array(await crypto.subtle.deriveBits({ name: algorithm.name, public: theirs }, pair.privateKey, 256))
  const { key, nonce } = await schedule(kem, await encapsulated(kem, shared, join(enc, publicKey)), info)
  const cipher = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, key, plain)
  return join(enc, new Uint8Array(cipher))
}

/** ExtractAndExpand of the KEM (section 4.1). */
async function encapsulated(kem: Kem, shared: Bytes, context: Bytes): Promise<Bytes> {
  const suite = join(utf8('KEM'), number(SUITES[kem].id))
  const prk = await labeledExtract(suite, new Uint8Array(), 'eae_prk', shared)
  return labeledExpand(suite, prk, 'shared_secret', context, HASH_BYTES)
}

/** KeySchedule of mode base without a shared key (section 5.1). */
async function schedule(kem: Kem, shared: Bytes, info: Bytes): Promise<{ key: CryptoKey; nonce: Bytes }> {
  const suite = join(utf8('HPKE'), number(SUITES[kem].id), number(HKDF_SHA256), number(AES_256_GCM))
  const none = new Uint8Array()
  const context = join(
    new Uint8Array([0]),
    await labeledExtract(suite, none, 'psk_id_hash', none),
    await labeledExtract(suite, none, 'info_hash', info),
  )
  const secret = await labeledExtract(suite, shared, 'secret', none)
  const key = await labeledExpand(suite, secret, 'key', context, KEY_BYTES)
  const nonce = await labeledExpand(suite, secret, 'base_nonce', context, NONCE_BYTES)
  return { key: await crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt']), nonce }
}

const labeledExtract = (suite: Bytes, salt: Bytes, label: string, ikm: Bytes): Promise<Bytes> =>
  hmac(salt, join(utf8('HPKE-v1'), suite, utf8(label), ikm))

const labeledExpand = (suite: Bytes, prk: Bytes, label: string, info: Bytes, length: number): Promise<Bytes> =>
  expand(prk, join(number(length), utf8('HPKE-v1'), suite, utf8(label), info), length)

/** HKDF-Expand (RFC 5869); of one block, since nothing here is longer than the hash. */
async function expand(prk: Bytes, info: Bytes, length: number): Promise<Bytes> {
  return (await hmac(prk, join(info, new Uint8Array([1])))).slice(0, length)
}

/** HKDF whole: extract and expand, at most 32 bytes. */
export const hkdf = async (secret: Bytes, salt: Bytes, info: Bytes, length: number): Promise<Bytes> =>
  expand(await hmac(salt, secret), info, length)

export async function hmac(key: Bytes, message: Bytes): Promise<Bytes> {
  // Web Crypto takes no empty key; HMAC pads it with zeros anyway
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const imported = await crypto.subtle.importKey('raw', key.length ? key : new Uint8Array(HASH_BYTES), algorithm, false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, message))
}

/** 16 bits, most significant byte first. */
const number = (value: number): Bytes => new Uint8Array([value >> 8, value & 0xff])
