/**
 * The national algorithms of China, which Web Crypto has not got: SM3 (GB/T 32905) for signing, SM2 (GB/T 32918.4,
 * C1 C3 C2) and SM4 in Galois/Counter mode (GB/T 32907, RFC 8998) for encryption. A bundle of its own, loaded when a
 * gateway's options ask for it.
 */
import { sm2, sm3, sm4 } from 'sm-crypto-v2'
import { hex, join, unhex, type Bytes } from './wire'

const IV_BYTES = 12
const TAG_BYTES = 16
/** an uncompressed point and a hash, in front of as many bytes as were encrypted */
export const SM2_OVERHEAD = 65 + 32

export const digest = (message: Bytes): Bytes => unhex(sm3(message))

export const hmac = (key: Bytes, message: Bytes): Bytes => unhex(sm3(message, { key, mode: 'hmac' }))

/** C1 (with the leading 04), C3, C2. */
export const encrypt = (publicKey: Bytes, plain: Bytes): Bytes => unhex(`04${sm2.doEncrypt(plain, hex(publicKey), 1)}`)

/** The cipher text, then its tag. */
export function sealSm4(key: Bytes, iv: Bytes, plain: Bytes, bound: Bytes): Bytes {
  const { output, tag } = sm4.encrypt(plain, key, { mode: 'gcm', iv: checked(iv), associatedData: bound, output: 'array', outputTag: true })
  return join(output, tag!)
}

/** Throws if a bit of it is another. */
export function openSm4(key: Bytes, iv: Bytes, sealed: Bytes, bound: Bytes): Bytes {
  if (sealed.length < TAG_BYTES) throw new Error('too short')
  const cut = sealed.length - TAG_BYTES
  const options = { mode: 'gcm', iv: checked(iv), associatedData: bound, output: 'array', tag: sealed.slice(cut) } as const
  return sm4.decrypt(sealed.slice(0, cut), key, options) as unknown as Bytes
}

function checked(iv: Bytes): Bytes {
  if (iv.length !== IV_BYTES) throw new Error('an IV has 12 bytes')
  return iv
}
