import { describe, expect, it, vi } from 'vitest'
import { base64, hex, unbase64, utf8, type Bytes } from '../../host/rpc/wire'
import { SealedKeys } from './buffer'
import { parseHash } from './hash'
import { cryptoRandom, fits, layout, pageCount, slotAt, upper, type Kind } from './layout'
import { md5 } from './md5'
import { pack, readOffer, sealValue, type Offer, type Statement } from './sealing'

const asText = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const sha = async (name: string, text: string): Promise<string> => hex(new Uint8Array(await crypto.subtle.digest(name, utf8(text))))
const from64 = (text: string): Bytes =>
  unbase64(text.replace(/-/g, '+').replace(/_/g, '/').padEnd(Math.ceil(text.length / 4) * 4, '='))!

describe('layout', () => {
  it.each<Kind>(['pin', 'password'])('has every key of %s once, on no other key', (kind) => {
    const typed = new Set<number>()
    for (let number = 0; number < pageCount(kind); number++) {
      const page = layout(kind, number)
      for (const byte of page.bytes) for (const one of [byte, upper(byte)]) typed.add(one)
      expect(page.slots.filter(({ action }) => action === 'key').map(({ index }) => index).sort((a, b) => a - b))
        .toEqual([...page.bytes.keys()])
      for (const slot of page.slots) {
        const [left, top, width, height] = slot.box
        expect(left).toBeGreaterThanOrEqual(0)
        expect(left + width).toBeLessThanOrEqual(1.0001)
        expect(slotAt(page, left + width / 2, top + height / 2)).toBe(slot)
      }
    }
    const all = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => fits(kind, byte))
    // space has a key of its own
    expect(all.filter((byte) => !typed.has(byte))).toEqual(kind === 'pin' ? [] : [0x20])
    expect([...typed].filter((byte) => !fits(kind, byte))).toEqual([])
  })

  it('shuffles evenly, and only when it is asked to', () => {
    expect(asText(layout('pin', 0).bytes)).toBe('1234567890')
    const counts = new Map<string, number>()
    for (let showing = 0; showing < 6000; showing++) {
      const { bytes } = layout('pin', 0, cryptoRandom)
      expect([...bytes].sort().join()).toBe([...layout('pin', 0).bytes].sort().join())
      for (const [place, byte] of bytes.entries()) {
        const key = `${byte} at ${place}`
        counts.set(key, (counts.get(key) ?? 0) + 1)
      }
    }
    // chi-squared of 100 cells around 600; with 81 degrees of freedom 190 is beyond 1 in 10^9
    const chi = [...counts.values()].reduce((sum, count) => sum + (count - 600) ** 2 / 600, 0)
    expect(counts.size).toBe(100)
    expect(chi).toBeLessThan(190)
  })
})

describe('keys as they are pressed', () => {
  it('are given back once, in order, and overwritten', async () => {
    const keys = new SealedKeys()
    for (const byte of utf8('74a8')) keys.press(byte)
    keys.delete()
    keys.press(0x39)
    expect(keys.count).toBe(4)
    let kept: Uint8Array | undefined
    expect(await keys.reveal(async (typed) => {
      kept = typed
      return asText(typed)
    })).toBe('74a9')
    expect([...kept!]).toEqual([0, 0, 0, 0])
    await expect(keys.reveal(async (typed) => { kept = typed; throw new Error('no') })).rejects.toThrow('no')
    expect([...kept!]).toEqual([0, 0, 0, 0])
    keys.clear()
    expect(keys.count).toBe(0)
  })

  it('are overwritten as soon as they are handed over', async () => {
    const encrypt = vi.spyOn(crypto.subtle, 'encrypt')
    const keys = new SealedKeys()
    keys.press(0x37)
    await vi.waitFor(() => expect(encrypt).toHaveBeenCalledOnce())
    expect([...encrypt.mock.calls[0]![2] as Uint8Array]).toEqual([0])
    // which is after they were read
    expect(await keys.reveal(async (typed) => asText(typed))).toBe('7')
    encrypt.mockRestore()
  })

  it('are nowhere in the object', async () => {
    const keys = new SealedKeys()
    for (const byte of utf8('748159')) keys.press(byte)
    const cells = (keys as unknown as { cells: { iv: Uint8Array; sealed: Promise<ArrayBuffer> }[] }).cells
    for (const { sealed } of cells) expect((await sealed).byteLength).toBe(17)
    expect(new Set(cells.map(({ iv }) => hex(iv))).size).toBe(6)
    const { key } = keys as unknown as { key: Promise<CryptoKey> }
    expect((await key).extractable).toBe(false)
  })
})

describe('custom-hash', () => {
  const run = async (text: string, typed: string, salt = '') =>
    asText(await parseHash(text)(utf8(typed), utf8(salt)))

  it('nests hashes, whose values are hexadecimal', async () => {
    expect(await run('md5(password)', 'secret')).toBe(hex(md5(utf8('secret'))))
    expect(await run("sha1('foo' + sha256(password + salt))", 'secret', 'pepper'))
      .toBe(await sha('SHA-1', `foo${await sha('SHA-256', 'secretpepper')}`))
    // GB/T 32905, the first example
    expect(await run('sm3(password)', 'abc')).toBe('66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0')
  })

  it.each(['', 'password', 'md5', 'md5()', 'md5(password', 'md5(password))', 'eval(password)', "md5('a' password)", 'md5(x)'])(
    'refuses %s', (text) => expect(() => parseHash(text)).toThrow('custom-hash cannot be read'))

  it.each([
    ['', 'd41d8cd98f00b204e9800998ecf8427e'],
    ['a', '0cc175b9c0f1b6a831c399e269772661'],
    ['abc', '900150983cd24fb0d6963f7d28e17f72'],
    ['message digest', 'f96b697d7cb7938d525a2f31aaf161d0'],
    ['abcdefghijklmnopqrstuvwxyz', 'c3fcd3d76192e4007dfb496cca67e13b'],
    ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', 'd174ab98d277d9f5a5611c2c9f419d9f'],
    ['12345678901234567890123456789012345678901234567890123456789012345678901234567890', '57edf4a22be3c955ac49da2e2107b67a'],
  ])('has the MD5 of RFC 1321, A.5, for "%s"', (text, digest) => expect(hex(md5(utf8(text)))).toBe(digest))
})

describe('offers', () => {
  const wanted = { app: 'wxbank', purpose: 'pay', user: 'anna', kind: 'pin' as const }
  const challenge = '00ff'
  const statement = { version: 1, ...wanted, session: 's', challenge, keys: [] }
  const text = JSON.stringify(statement)

  async function signed(message: string): Promise<{ pin: string; signature: string }> {
    const pair = await crypto.subtle.generateKey({ name: 'Ed25519' }, true, ['sign', 'verify']) as CryptoKeyPair
    const bytes = await crypto.subtle.sign({ name: 'Ed25519' }, pair.privateKey, utf8(message))
    const raw = await crypto.subtle.exportKey('raw', pair.publicKey)
    return { pin: base64(new Uint8Array(raw)), signature: base64(new Uint8Array(bytes)) }
  }

  it('are read when a pinned key signed them for what was asked', async () => {
    const { pin, signature } = await signed(`eden keyboard offer 1\n${text}`)
    const other = await signed('x')
    const offer: Offer = { statement: text, challenge, signatures: [{ kid: 'a', signature: other.signature }, { kid: 'b', signature }] }
    expect(await readOffer(offer, [other.pin, pin], wanted)).toEqual(statement)
    await expect(readOffer(offer, [other.pin], wanted)).rejects.toThrow('pinned')
    await expect(readOffer(offer, [], wanted)).rejects.toThrow('pinned')
    await expect(readOffer({ ...offer, statement: `${text} ` }, [pin], wanted)).rejects.toThrow('pinned')
    await expect(readOffer(offer, ['AAAA'], wanted)).rejects.toThrow('no Ed25519 key')
    // one that was recorded when another was asked for
    await expect(readOffer({ ...offer, challenge: '00fe' }, [pin], wanted)).rejects.toThrow('something else')
    for (const field of ['app', 'purpose', 'user', 'kind']) {
      await expect(readOffer(offer, [pin], { ...wanted, [field]: 'another' })).rejects.toThrow('something else')
    }
  })

  it('have a key that is allowed', async () => {
    await expect(sealValue(statement as unknown as Statement, utf8('1'), 'typed', '', undefined)).rejects.toThrow('no key')
    const pair = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits']) as CryptoKeyPair
    const raw = base64(new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)))
    const keys = [{ kid: 'k', algorithm: 'hpke-p256' as const, public: raw }]
    const offered = { ...statement, keys } as unknown as Statement
    await expect(sealValue(offered, utf8('1'), 'typed', '', ['sm2-sm4'])).rejects.toThrow('no key')
    // one of a server that knows more than this phone
    offered.keys.unshift({ kid: 'n', algorithm: 'hpke-mlkem768' as never, public: raw })
    const value = await sealValue(offered, utf8('748159'), 'typed', 'bound', undefined)
    const [prefix, header, message] = value.split('.') as [string, string, string]
    expect(prefix).toBe('EK1')
    expect(JSON.parse(asText(from64(header)))).toMatchObject({ kid: 'k', bound: 'bound', form: 'typed' })
    expect(from64(message).length).toBe(65 + 144 + 16)
  })

  it('are answered by messages of one length', () => {
    const one = pack('pin', 'typed', utf8('2580'))
    const other = pack('password', 'digest', utf8('x'.repeat(140)))
    expect([one.length, other.length]).toEqual([144, 144])
    expect([...one.slice(0, 8)]).toEqual([1, 1, 0, 4, 0x32, 0x35, 0x38, 0x30])
    expect([...other.slice(0, 4)]).toEqual([1, 3, 0, 140])
    expect(() => pack('password', 'typed', new Uint8Array(141))).toThrow('too much')
  })
})
