import { afterEach, describe, expect, it, vi } from 'vitest'
import { RpcFault } from '../rpc/fault'
import { Gateway } from '../rpc/gateway'
import { request } from './network'
import { rpc } from './rpc'
import { FakeFrame, failure } from './testing/fake-call'

const answer = {
  statusCode: 200, headers: new Headers({ 'content-type': 'application/json' }), resultStatus: 1000, tips: '', memo: '', trace: 'abc',
  body: new TextEncoder().encode('{"a":1}'),
}

function frame(call: (...args: any[]) => unknown) {
  return new FakeFrame({ gateway: { client: async () => ({ call }) } as unknown as Gateway })
}

describe('rpc', () => {
  it('hands the call to the gateway, without headers that are not the program\'s', async () => {
    const call = vi.fn(async (..._: any[]) => ({ answer, stream: undefined }))
    const result = await frame(call).ask(rpc, {
      taskId: 1, operationType: 'a.b.c.d', query: 'x=1', header: { token: 't', 'x-eden-app': 'other', cookie: 'c' }, body: 'b', version: '2',
    })
    expect(result).toMatchObject({ statusCode: 200, resultStatus: 1000, trace: 'abc', data: '{"a":1}', header: { 'Content-Type': 'application/json' } })
    const [outgoing] = call.mock.calls[0]!
    expect(outgoing).toMatchObject({ operationType: 'a.b.c.d', program: 'wxtest', method: 'POST', query: '?x=1', version: '2' })
    expect([...outgoing.headers.keys()]).toEqual(['token'])
    expect(new TextDecoder().decode(outgoing.body)).toBe('b')
  })

  it('gives bytes, or chunks as they come', async () => {
    const bytes = await frame(async () => ({ answer, stream: undefined })).ask(rpc, { taskId: 1, operationType: 'a', responseType: 'arraybuffer' })
    expect(bytes.data.byteLength).toBe(7)
    const streaming = frame(async () => ({ answer: { ...answer, body: undefined }, stream: new Response('abc').body }))
    expect((await streaming.ask(rpc, { taskId: 2, operationType: 'a', enableChunked: true })).data).toBe('')
    const chunks = streaming.events.filter(({ name }) => name === 'chunk')
    expect(chunks.map(({ detail }) => new TextDecoder().decode(detail.data))).toEqual(['abc'])
  })

  it('gives what was checked as a whole in one piece', async () => {
    const checked = frame(async () => ({ answer, stream: undefined }))
    expect((await checked.ask(rpc, { taskId: 1, operationType: 'a', enableChunked: true })).data).toBe('')
    expect(checked.events.map(({ name, detail }) => name === 'chunk' ? new TextDecoder().decode(detail.data) : name)).toEqual(['headers', '{"a":1}'])
  })

  it('is what wx.request of an operation does, with the fields of wx.request', async () => {
    const call = vi.fn(async (..._: any[]) => ({ answer: { ...answer, statusCode: 401, resultStatus: 7002 }, stream: undefined }))
    const asked = await frame(call).ask(request, { taskId: 1, url: 'https://g/rpc/a', operationType: 'a', query: 'x=1', method: 'GET' })
    expect(asked).toEqual({ statusCode: 401, data: '{"a":1}', header: { 'Content-Type': 'application/json' }, cookies: [] })
    expect(call.mock.calls[0]![0]).toMatchObject({ operationType: 'a', method: 'GET', query: '?x=1', streamed: false })
    // nobody signs refusals: they are none of a service's good answers
    const forged = frame(async () => ({ answer: { ...answer, resultStatus: 3000 }, stream: undefined }))
    expect((await failure(forged.ask(request, { taskId: 1, operationType: 'a', method: 'GET' }))).reason).toBe('result 3000')
  })

  it('says why it failed', async () => {
    expect((await failure(new FakeFrame().ask(rpc, { taskId: 1, operationType: 'a' }))).reason).toBe('the phone has no gateway')
    const told = frame(async () => { throw new RpcFault('the answer is not encrypted', 9) })
    expect(await failure(told.ask(rpc, { taskId: 1, operationType: 'a' }))).toEqual({ reason: 'the answer is not encrypted', errno: 9 })
    const network = frame(async () => { throw new TypeError('Failed to fetch') })
    expect((await failure(network.ask(rpc, { taskId: 1, operationType: 'a' }))).reason).toBe('net::ERR_FAILED')
    for (const [args, reason] of [
      [{}, 'operationType'], [{ operationType: '../x' }, 'operationType is invalid'], [{ operationType: 'a', method: 'TRACE' }, 'method is invalid'],
      [{ operationType: 'a', body: 5 }, 'text or bytes'], [{ operationType: 'a', header: { x: '\n\u0000' } }, 'header "x" is invalid'],
    ] as const) {
      expect((await failure(told.ask(rpc, { taskId: 1, ...args }))).reason).toContain(reason)
    }
  })
})

it('operations that a program may call are listed by it, or by the phone', () => {
  const gateway = new Gateway({ url: '/', app: 'shop', operations: ['open.*'] }, {} as never)
  expect(gateway.permits('eden.bank.account.get', ['eden.bank.*'], 'listed')).toBe(true)
  expect(gateway.permits('eden.bank', ['eden.bank.*'], 'listed')).toBe(false)
  expect(gateway.permits('eden.bank.account.get', null, 'listed')).toBe(false)
  expect(gateway.permits('open.weather.get', null, 'listed')).toBe(true)
  expect(gateway.permits('eden.bank.account.get', null, 'any')).toBe(true)
})

describe('addresses of operations', () => {
  afterEach(() => vi.unstubAllGlobals())

  it('are those below the gateway\'s folder, also of WebSockets', () => {
    vi.stubGlobal('document', { baseURI: 'https://shop.example/app/' })
    const at = (address: unknown, url = '/gateway') => new Gateway({ url, app: 'shop' }, {} as never).operationAt(address)
    const found = { operationType: 'a.b', query: '' }
    expect(at('https://shop.example/gateway/rpc/a.b')).toEqual(found)
    expect(at('WSS://SHOP.example:443/gateway/rpc/a.b?x=1&y#z')).toEqual({ ...found, query: 'x=1&y' })
    expect(at('ws://127.0.0.1:8700/rpc/a.b', 'http://127.0.0.1:8700')).toEqual(found)
    for (const other of [
      'http://shop.example/gateway/rpc/a.b', 'https://shop.example:444/gateway/rpc/a.b', 'https://shop.example.org/gateway/rpc/a.b',
      'https://u:p@shop.example/gateway/rpc/a.b', 'https://shop.example/rpc/a.b', 'https://shop.example/gateway/rpc/', 'https://shop.example/gateway/rpc/a/b',
      'https://shop.example/gateway/rpc/../a.b', '/gateway/rpc/a.b', 5, undefined,
    ]) expect(at(other)).toBeUndefined()
  })
})
