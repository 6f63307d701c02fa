import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { open, type Outgoing } from './client'
import { hmac } from './hpke'
import type { GatewayOptions } from './options'
import { base64, hex, textToSign, utf8 } from './wire'

const outgoing = (changes: Partial<Outgoing> = {}): Outgoing => ({
  operationType: 'a.b.c.d', program: 'wx1', method: 'POST', query: '', headers: new Headers(), body: undefined, version: '',
  streamed: false, ...changes,
})

describe('interceptors', () => {
  beforeEach(() => { vi.stubGlobal('document', { baseURI: 'https://shop.example/app/' }) })
  afterEach(() => vi.unstubAllGlobals())

  const client = (interceptors: GatewayOptions['interceptors'], fetch: typeof globalThis.fetch) =>
    open({ url: '/gateway', app: 'shop', interceptors }, {
      fetch, device: async () => 'd', now: () => 1000, national: () => Promise.reject(new Error('not asked for')),
    })
  const good = vi.fn(async (_url: any, _init: any) => new Response('{}', { headers: { 'result-status': '1000' } }))

  it('change what is sent, in order, and see the answer in reverse', async () => {
    const order: string[] = []
    const one = {
      before: (request: { headers: Headers }) => { order.push('one'); request.headers.set('authorization', 'token') },
      after: () => { order.push('one after') },
    }
    const other = { before: async () => { order.push('other') }, after: () => { order.push('other after') } }
    await client([one, other], good).call(outgoing(), new AbortController().signal)
    expect(order).toEqual(['one', 'other', 'other after', 'one after'])
    const [url, init] = good.mock.calls.at(-1)!
    expect(String(url)).toBe('https://shop.example/gateway/rpc/a.b.c.d')
    expect(init.headers.get('authorization')).toBe('token')
    expect(init.headers.get('x-eden-signature')).toBeNull()
  })

  it('may say no, before and after, and hear of failures', async () => {
    const failed = vi.fn()
    const signal = new AbortController().signal
    const before = client([{ before: () => false, failed }], good).call(outgoing(), signal)
    await expect(before).rejects.toMatchObject({ reason: 'prevented by an interceptor', code: 9 })
    const after = client([{ after: async () => false, failed }], good).call(outgoing(), signal)
    await expect(after).rejects.toMatchObject({ code: 9 })
    const broken = client([{ failed }], () => Promise.reject(new TypeError('Failed to fetch')))
    await expect(broken.call(outgoing(), signal)).rejects.toThrow('Failed to fetch')
    const stopped = new AbortController()
    stopped.abort()
    await expect(client([{ failed }], () => Promise.reject(new DOMException('', 'AbortError'))).call(outgoing(), stopped.signal))
      .rejects.toThrow()
    expect(failed.mock.calls.map(([, reason]) => reason)).toEqual([
      'prevented by an interceptor', 'prevented by an interceptor', 'network', 'abort',
    ])
  })

  it('are not needed; a wrong secret is said', async () => {
    const call = open({ url: '/g/', app: 'shop', secret: '%%%' }, {
      fetch: good, device: async () => 'd', now: () => 1000, national: () => Promise.reject(new Error('not asked for')),
    }).call(outgoing(), new AbortController().signal)
    await expect(call).rejects.toMatchObject({ reason: 'the secret of the gateway is not base64' })
  })
})

describe('answers as they come', () => {
  beforeEach(() => { vi.stubGlobal('document', { baseURI: 'https://shop.example/app/' }) })
  afterEach(() => vi.unstubAllGlobals())

  it('are not taken where an encrypted one is due', async () => {
    const plain = async () => new Response('{"forged":true}', { headers: { 'result-status': '1000' } })
    const pair = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits']) as CryptoKeyPair
    const key = base64(new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)))
    const call = (options: Partial<GatewayOptions>) => open({ url: '/gateway', app: 'shop', ...options }, {
      fetch: plain, device: async () => 'd', now: () => 1000, national: () => Promise.reject(new Error('not asked for')),
    }).call(outgoing({ streamed: true }), new AbortController().signal)
    expect(await new Response((await call({})).stream).text()).toBe('{"forged":true}')
    await expect(call({ seal: { algorithm: 'hpke-p256', kid: 'k', public: key } })).rejects.toMatchObject({ reason: 'the answer is not encrypted' })
    await expect(call({ verified: ['a.*'] })).rejects.toMatchObject({ reason: 'the answer is not signed by the gateway' })
  })
})

describe('a WebSocket', () => {
  beforeEach(() => { vi.stubGlobal('document', { baseURI: 'https://shop.example/app/' }) })
  afterEach(() => vi.unstubAllGlobals())
  const secret = 'a secret of thirty-two bytes....'
  const signal = new AbortController().signal
  const client = (options: Partial<GatewayOptions> = {}, fetch: typeof globalThis.fetch = () => Promise.reject(new Error('not asked for'))) =>
    open({ url: '/gateway', app: 'shop', kid: 'k1', secret: base64(utf8(secret)), ...options }, {
      fetch, device: async () => 'd', now: () => 1000, national: () => Promise.reject(new Error('not asked for')),
    })

  /** The address as the gateway reads it: what is signed, and what the signature should be. */
  const read = async (address: URL) => {
    const pairs = address.search.slice(1).split('&')
    const ours = new Map(pairs.filter((pair) => pair.startsWith('x-eden-')).map((pair) => pair.split('=').map(decodeURIComponent) as [string, string]))
    const rest = pairs.filter((pair) => !pair.startsWith('x-eden-')).join('&')
    const digest = hex(new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array())))
    const text = textToSign({
      app: 'shop', operationType: 'a.b.c.d', method: 'GET', target: rest && `?${rest}`, time: Number(ours.get('x-eden-time')),
      nonce: ours.get('x-eden-nonce')!, digest,
    })
    return { rest, ours, expected: `hmac-sha256 k1 ${base64(await hmac(utf8(secret), text))}` }
  }

  it('is signed in its query, each time anew', async () => {
    const here = client()
    const nonces = new Set<string>()
    for (const [query, sent] of [['', ''], ['?', ''], ["?topic=it's&&b#x", "topic=it%27s&&b"], ['?topic=7', 'topic=7']] as const) {
      const address = await here.socket(outgoing({ method: 'GET', query, version: '2' }), signal)
      expect(`${address.origin}${address.pathname}`).toBe('wss://shop.example/gateway/rpc/a.b.c.d')
      const { rest, ours, expected } = await read(address)
      expect(rest).toBe(sent)
      expect(ours.get('x-eden-signature')).toBe(expected)
      expect(Object.fromEntries(ours)).toMatchObject({ 'x-eden-app': 'shop', 'x-eden-device': 'd', 'x-eden-time': '1000', 'x-eden-version': '2' })
      nonces.add(ours.get('x-eden-nonce')!)
    }
    expect(nonces.size).toBe(4)
    for (const nonce of nonces) expect(nonce).toMatch(/^[A-Za-z0-9_-]{32}$/)
  })

  it('has no signature without a secret, and goes through the interceptors', async () => {
    const before = vi.fn((request: { target: string }) => { request.target = '?token=t' })
    const address = await client({ secret: undefined as never, interceptors: [{ before }] }).socket(outgoing({ method: 'GET' }), signal)
    expect(address.search).toMatch(/^\?token=t&x-eden-app=shop&/)
    expect(address.search).not.toContain('signature')
    const refused = client({ interceptors: [{ before: () => false }] }).socket(outgoing(), signal)
    await expect(refused).rejects.toMatchObject({ code: 9 })
  })

  it('is signed with the gateway\'s time once that is known', async () => {
    const asked = vi.fn(async (_url: any, _init: any) => new Response('', { status: 404, headers: { 'server-time': '500000' } }))
    const late = client({}, asked)
    expect(await late.clockWasWrong(signal)).toBe(true)
    expect(String(asked.mock.calls[0]![0])).toBe('https://shop.example/gateway/rpc/none?x-eden-app=shop')
    const { ours, expected } = await read(await late.socket(outgoing({ method: 'GET' }), signal))
    expect([ours.get('x-eden-time'), ours.get('x-eden-signature')]).toEqual(['500000', expected])
    expect(await late.clockWasWrong(signal)).toBe(false)
  })
})
