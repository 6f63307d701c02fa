import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { open, type Outgoing } from './client'
import type { GatewayOptions } from './options'

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
