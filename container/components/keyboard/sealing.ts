/** Offers of the server, and sealing what was typed (docs/keyboard.md, "The wire"). */
import { seal as sealHpke } from '../../host/rpc/hpke'
import { encrypt as encryptSm2, sealSm4 } from '../../host/rpc/national'
import type { SealAlgorithm, SealKey } from '../../host/rpc/options'
import { KEMS, usable } from '../../host/rpc/sealing'
import { base64url, join, unbase64, utf8, type Bytes } from '../../host/rpc/wire'
import type { Kind } from './layout'

export type Form = 'typed' | 'digest'

export interface Offer {
  statement: string
  signatures: { kid: string; signature: string }[]
  /** what the phone drew when it asked; the server has signed it, or the offer is not the answer */
  challenge: string
}

export interface Statement {
  version: number
  session: string
  workspace: string
  app: string
  purpose: string
  user: string
  kind: Kind
  shortest: number
  longest: number
  nonce: string
  challenge: string
  issued: number
  expires: number
  keys: SealKey[]
}

/** What was asked for: an offer of anything else is refused. */
export interface Wanted {
  app: string
  purpose: string
  user: string
  kind: Kind
}

const PLAIN = 144
const HEAD = 4
const KINDS: { readonly [name: string]: number } = { 'pin typed': 1, 'password typed': 2, 'password digest': 3 }

/** The statement of an offer that one of these keys (base64) signed. Throws with the reason. */
export async function readOffer(offer: Offer, pins: readonly string[], wanted: Wanted): Promise<Statement> {
  const message = utf8(`eden keyboard offer 1\n${offer.statement}`)
  if (!await signed(offer.signatures, pins, message)) throw new Error('the server is not the one that was pinned')
  const statement = JSON.parse(offer.statement) as Statement
  const same = (['app', 'purpose', 'user', 'kind'] as const).every((name) => statement[name] === wanted[name])
  if (statement.version !== 1 || !same || statement.challenge !== offer.challenge) throw new Error('the server offers something else than was asked for')
  return statement
}

async function signed(signatures: Offer['signatures'], pins: readonly string[], message: Bytes): Promise<boolean> {
  for (const pin of pins) {
    const raw = unbase64(pin)
    if (raw?.length !== 32) throw new Error('a pin of the keyboard is no Ed25519 key')
    const key = await crypto.subtle.importKey('raw', raw, { name: 'Ed25519' }, false, ['verify'])
    for (const { signature } of signatures) {
      const bytes = unbase64(signature)
      if (bytes && await crypto.subtle.verify({ name: 'Ed25519' }, key, bytes, message)) return true
    }
  }
  return false
}

/** The value as text. `typed` is overwritten by who made it; what is made of it here is overwritten here. */
export async function sealValue(
  statement: Statement, typed: Bytes, form: Form, bound: string, allowed: readonly SealAlgorithm[] | undefined,
): Promise<string> {
  const key = await usable(statement.keys.filter(({ algorithm }) => !allowed || allowed.includes(algorithm)))
  if (!key) throw new Error('there is no key that this browser can use')
  const { session, workspace, app, purpose, user, kind, nonce, issued, expires } = statement
  const header = { session, workspace, app, purpose, user, kind, nonce, issued, expires, kid: key.kid, form, bound }
  const lines = [
    'eden keyboard 1', workspace, session, app, user, purpose, kind, form, nonce, issued, expires, key.kid, bound,
  ]
  const plain = pack(kind, form, typed)
  try {
    const message = await seal(key.algorithm, unbase64(key.public)!, utf8(lines.join('\n')), plain)
    return `EK1.${base64url(utf8(JSON.stringify(header)))}.${base64url(message)}`
  } finally {
    plain.fill(0)
  }
}

export function pack(kind: Kind, form: Form, typed: Bytes): Bytes {
  if (typed.length > PLAIN - HEAD) throw new Error('too much was typed')
  const plain = crypto.getRandomValues(new Uint8Array(PLAIN))
  plain.set([1, KINDS[`${kind} ${form}`]!, typed.length >> 8, typed.length & 0xff])
  plain.set(typed, HEAD)
  return plain
}

async function seal(algorithm: SealAlgorithm, publicKey: Bytes, info: Bytes, plain: Bytes): Promise<Bytes> {
  const kem = KEMS[algorithm]
  if (kem) return sealHpke(kem, publicKey, info, plain)
  const secret = crypto.getRandomValues(new Uint8Array(16))
  const iv = crypto.getRandomValues(new Uint8Array(12))
  const message = join(encryptSm2(publicKey, secret), iv, sealSm4(secret, iv, plain, info))
  secret.fill(0)
  return message
}
