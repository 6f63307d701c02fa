import { describe, expect, it } from 'vitest'
import { keyIdentity, rawSignature, verifySignature, type PublicKey } from './keys'
import { derSignature, makeSigner, type KeyKind, type Signer } from './repository-simulator'

const message = new TextEncoder().encode('signed')
const { subtle } = crypto
const bytes = (hex: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16))
const publicKey = ({ key }: Signer): PublicKey => ({ ...key, public: key.keyval.public })

describe.each<KeyKind>(['ed25519', 'ecdsa', 'rsa'])('verifySignature, %s', (kind) => {
  it('tells a good signature from others', async () => {
    const signer = await makeSigner(kind)
    const key = publicKey(signer)
    const signature = await signer.sign(message)
    const last = signature.endsWith('0') ? '1' : '0'
    expect(await verifySignature(subtle, key, signature, message)).toBe('valid')
    expect(await verifySignature(subtle, key, signature.toUpperCase(), message)).toBe('valid')
    expect(await verifySignature(subtle, key, signature.slice(0, -1) + last, message)).toBe('invalid')
    expect(await verifySignature(subtle, key, signature, new TextEncoder().encode('other'))).toBe('invalid')
    for (const wrong of ['', 'zz', 'abc', signature.slice(2), `${signature}00`, ' ']) {
      expect(await verifySignature(subtle, key, wrong, message)).toBe('invalid')
    }
  })

  it('cannot use a key that is none', async () => {
    const signer = await makeSigner(kind)
    const key = publicKey(signer)
    const signature = await signer.sign(message)
    const pemOf = (content: string) => `-----BEGIN PUBLIC KEY-----\n${content}\n-----END PUBLIC KEY-----`
    for (const wrong of ['', 'ff', key.public.slice(0, 40), pemOf('AAAA'), pemOf('A'), `x${key.public}`]) {
      expect(await verifySignature(subtle, { ...key, public: wrong }, signature, message)).toBe('unusable')
    }
    expect(await verifySignature(subtle, { ...key, scheme: 'none' }, signature, message)).toBe('unusable')
    expect(await verifySignature(subtle, { ...key, keytype: '__proto__' }, signature, message)).toBe('unusable')
  })
})

describe('verifySignature', () => {
  it('takes the older name of the ECDSA key type', async () => {
    const signer = await makeSigner('ecdsa')
    const key = { ...publicKey(signer), keytype: 'ecdsa-sha2-nistp256' }
    expect(await verifySignature(subtle, key, await signer.sign(message), message)).toBe('valid')
    expect(keyIdentity(key)).toBe(keyIdentity(publicKey(signer)))
  })

  it('takes a P-256 key in one spelling only, so that it cannot count twice', async () => {
    const signer = await makeSigner('ecdsa')
    const key = publicKey(signer)
    const spki = Uint8Array.from(atob(key.public.replace(/-----.*-----|\n/g, '')), (c) => c.charCodeAt(0))
    const head = [0x30, 57, ...spki.subarray(2, 23), 0x03, 34, 0x00]
    const compressed = Uint8Array.from([...head, 2 + (spki[90]! & 1), ...spki.subarray(27, 59)])
    const pem = `-----BEGIN PUBLIC KEY-----${btoa(String.fromCharCode(...compressed))}-----END PUBLIC KEY-----`
    expect(await verifySignature(subtle, { ...key, public: pem }, await signer.sign(message), message)).toBe('unusable')
  })

  it('does not count a signature at which the browser throws', async () => {
    const signer = await makeSigner()
    const throwing = {
      importKey: subtle.importKey.bind(subtle), digest: subtle.digest.bind(subtle),
      verify: () => Promise.reject(new DOMException('bad size', 'OperationError')),
    }
    expect(await verifySignature(throwing, publicKey(signer), 'ab', message)).toBe('invalid')
  })

  it('refuses an RSA key of less than 2048 bits', async () => {
    const pair = await subtle.generateKey(
      { name: 'RSA-PSS', modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' },
      true, ['sign', 'verify'],
    )
    const spki = new Uint8Array(await subtle.exportKey('spki', pair.publicKey))
    const pem = `-----BEGIN PUBLIC KEY-----${btoa(String.fromCharCode(...spki))}-----END PUBLIC KEY-----`
    const signature = new Uint8Array(await subtle.sign({ name: 'RSA-PSS', saltLength: 32 }, pair.privateKey, message))
    const hex = Array.from(signature, (byte) => byte.toString(16).padStart(2, '0')).join('')
    const key = { keytype: 'rsa', scheme: 'rsassa-pss-sha256', public: pem }
    expect(await verifySignature(subtle, key, hex, message)).toBe('unusable')
  })

  it('knows one key in two spellings', async () => {
    const key = publicKey(await makeSigner('ecdsa'))
    expect(keyIdentity({ ...key, public: key.public.replace(/\n/g, '\r\n') })).toBe(keyIdentity(key))
    const other = publicKey(await makeSigner('ed25519'))
    expect(keyIdentity({ ...other, public: other.public.toUpperCase() })).toBe(keyIdentity(other))
    expect(keyIdentity(other)).not.toBe(keyIdentity(key))
  })
})

describe('rawSignature', () => {
  const ONE = `${'00'.repeat(31)}01`
  it.each([
    ['short integers', '3006020101020101', ONE + ONE],
    ['integers with a leading zero', `30080202008002020080`, `${'00'.repeat(31)}80`.repeat(2)],
    ['full ones', `3046022100${'ff'.repeat(32)}022100${'fe'.repeat(32)}`, 'ff'.repeat(32) + 'fe'.repeat(32)],
  ])('reads %s', (_, der, raw) => {
    expect(rawSignature(bytes(der))).toEqual(bytes(raw))
  })

  it.each([
    ['nothing', ''], ['another tag', '3106020101020101'], ['a wrong length', '3007020101020101'],
    ['an integer that is none', '3006030101020101'], ['a negative one', '3006020180020101'],
    ['an empty one', '30050200020101'], ['an endless one', '300602010102ff01'], ['one integer', '3003020101'],
    ['three', '3009020101020101020101'], ['33 digits', `3026022101${'ff'.repeat(32)}020101`],
    ['a cut one', '30060201010201'],
  ])('refuses %s', (_, der) => {
    expect(rawSignature(bytes(der))).toBeUndefined()
  })

  it('turns back what any r and s become', () => {
    for (let i = 0; i < 200; i++) {
      const raw = crypto.getRandomValues(new Uint8Array(64))
      raw.fill(0, 0, i % 32)
      raw.fill(0, 32, 32 + ((i * 7) % 32))
      expect(rawSignature(derSignature(raw))).toEqual(raw)
    }
  })
})
