/** Encrypting a body to the gateway, and opening its answer: HPKE, or SM2 and SM4 (docs/gateway-wire.md). */
import { hkdf, seal as sealHpke, type Kem } from './hpke'
import type { SealAlgorithm, SealKey } from './options'
import { join, unbase64, utf8, type Bytes } from './wire'

export type National = typeof import('./national')

export interface Sealed {
  body: Bytes
  /** value of the header that says how */
  header: string
  /** Throws if the answer is not what the gateway sealed for this call. */
  open(answer: Bytes): Promise<Bytes>
}

export const KEMS: { readonly [algorithm in SealAlgorithm]?: Kem } = { 'hpke-x25519': 'X25519', 'hpke-p256': 'P-256' }
const ANSWER_KEY_BYTES = 32
const SM4_KEY_BYTES = 16
const IV_BYTES = 12
/** of what is inside */
const FORMAT = new Uint8Array([1])
const ANSWER = 'eden gateway 1 answer'

/** The first key that this browser can encrypt to; undefined: it can to none. What is newer than this code is passed over. */
export async function usable(keys: readonly SealKey[]): Promise<SealKey | undefined> {
  for (const key of keys) {
    const kem = KEMS[key.algorithm]
    if (kem ? await has(kem) : key.algorithm === 'sm2-sm4') return key
  }
  return undefined
}

/** X25519 came to browsers between 2023 and 2025. */
const has = (kem: Kem): Promise<boolean> => kem === 'P-256'
  ? Promise.resolve(true)
  : crypto.subtle.generateKey({ name: kem }, false, ['deriveBits']).then(() => true, () => false)

export async function seal(key: SealKey, info: Bytes, body: Bytes, national: () => Promise<National>): Promise<Sealed> {
  const publicKey = unbase64(key.public)
  if (!publicKey) throw new Error('the key of the gateway is not base64')
  const header = `${key.algorithm} ${key.kid}`
  const kem = KEMS[key.algorithm]
  if (kem) {
    const secret = crypto.getRandomValues(new Uint8Array(ANSWER_KEY_BYTES))
    const sealed = await sealHpke(kem, publicKey, info, join(FORMAT, secret, body))
    return { body: sealed, header, open: (answer) => openAes(secret, info, answer) }
  }
  const sm = await national()
  const secret = crypto.getRandomValues(new Uint8Array(SM4_KEY_BYTES))
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES))
  const sealed = join(sm.encrypt(publicKey, secret), iv, sm.sealSm4(secret, iv, body, info))
  const open = async (answer: Bytes) => sm.openSm4(secret, answer.slice(0, IV_BYTES), answer.slice(IV_BYTES), join(utf8(ANSWER), info))
  return { body: sealed, header, open }
}

async function openAes(secret: Bytes, info: Bytes, answer: Bytes): Promise<Bytes> {
  const raw = await hkdf(secret, new Uint8Array(), join(utf8(ANSWER), info), 32)
  const key = await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['decrypt'])
  const plain = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: answer.slice(0, IV_BYTES) }, key, answer.slice(IV_BYTES))
  return new Uint8Array(plain)
}
