import { afterEach, describe, expect, it, vi } from 'vitest'
import { answerHeaders, headerName, target } from './http-message'
import { downloadFile, extensionFor, request, uploadFile } from './network'
import { socketClose, socketConnect, socketSend } from './socket'
import { RpcFault } from '../rpc/fault'
import { taskAbort } from './tasks'
import { FakeFrame, failure } from './testing/fake-call'

const url = 'https://api.example.com/v1?x=1'
const program = { appId: 'wxtest', name: '', manifest: { version: { code: 7 } }, domains: null }

describe('headers', () => {
  it('that a browser forbids go to a proxy under another name, with the Referer of WeChat', () => {
    const header: [string, string][] = [
      ['Cookie', 'a=1'],
      ['Token', 't'],
      ['bad name', 'x'],
      ['X', 'a\r\nY: b'],
      ['Name', '中'],
    ]
    const direct = target(url, header, program, { fetch })
    expect(direct.url).toBe(url)
    expect([...direct.headers.keys()]).toEqual(['name', 'token'])
    const proxied = target(url, header, program, { fetch, proxy: '/_proxy?url=' })
    expect(proxied.url).toBe(`/_proxy?url=${encodeURIComponent(url)}`)
    expect(Object.fromEntries(proxied.headers)).toEqual({
      name: 'ä¸\xad',
      token: 't',
      'x-eden-header-cookie': 'a=1',
      'x-eden-header-referer': 'https://servicewechat.com/wxtest/7/page-frame.html',
    })
  })

  it('of an answer have the usual case, cookies their own list', () => {
    expect(headerName('content-type')).toBe('Content-Type')
    const cookies = ['a=1; Path=/', 'b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT']
    expect(
      answerHeaders(new Headers({ 'content-type': 'text/plain', 'x-eden-set-cookie': JSON.stringify(cookies) })),
    ).toEqual({
      header: { 'Content-Type': 'text/plain', 'Set-Cookie': cookies.join(',') },
      cookies,
    })
    expect(answerHeaders(new Headers({ 'x-eden-set-cookie': '{' })).cookies).toEqual([])
  })
})

describe('request', () => {
  it('fails where the proxy reached no server', async () => {
    const fetch = async (): Promise<Response> =>
      new Response('{}', { status: 502, headers: { 'x-eden-unreachable': '1' } })
    const asked = new FakeFrame({ services: { fetch } }).ask(request, { taskId: 1, url, timeout: 1000 })
    await expect(asked).rejects.toMatchObject({ reason: 'net::ERR_FAILED' })
  })

  it('answers with status, headers and text, and announces the headers', async () => {
    const fetch = vi.fn(
      async (_url: any, _init: any) => new Response('{"a":1}', { status: 404, headers: { 'X-A': '1' } }),
    )
    const frame = new FakeFrame({ services: { fetch } })
    const answer = await frame.ask(request, {
      taskId: 1,
      url,
      method: 'POST',
      body: 'b',
      header: { token: 't' },
      timeout: 1000,
    })
    expect(answer).toMatchObject({ statusCode: 404, data: '{"a":1}', header: { 'X-A': '1' }, cookies: [] })
    expect(fetch.mock.calls[0]![0]).toBe(url)
    expect(fetch.mock.calls[0]![1]).toMatchObject({ method: 'POST', body: 'b', credentials: 'omit' })
    expect(frame.events).toEqual([{ name: 'headers', detail: expect.objectContaining({ taskId: 1, statusCode: 404 }) }])
  })

  it('gives bytes, or chunks as they come', async () => {
    const fetch = async () => new Response('abc')
    const frame = new FakeFrame({ services: { fetch } })
    expect((await frame.ask(request, { taskId: 1, url, responseType: 'arraybuffer' })).data.byteLength).toBe(3)
    expect((await frame.ask(request, { taskId: 2, url, enableChunked: true })).data).toBe('')
    const chunks = frame.events.filter(({ name }) => name === 'chunk')
    expect(chunks.map(({ detail }) => [detail.taskId, new TextDecoder().decode(detail.data)])).toEqual([[2, 'abc']])
  })

  /** A server that never answers. */
  const silent: typeof fetch = (_url, init) => new Promise((_, reject) =>
    init!.signal!.addEventListener('abort', () => reject(new DOMException('', 'AbortError'))))

  it('times out, is aborted, ends with the frame', async () => {
    const frame = new FakeFrame({ services: { fetch: silent } })
    expect(await failure(frame.ask(request, { taskId: 1, url, timeout: 1 }))).toEqual({ reason: 'timeout', errno: 5 })
    const aborted = failure(frame.ask(request, { taskId: 2, url }))
    await frame.ask(taskAbort, { taskId: 2 })
    expect((await aborted).reason).toBe('abort')
    const ended = failure(frame.ask(request, { taskId: 3, url }))
    frame.end.abort()
    expect((await ended).reason).toBe('abort')
  })

  it('fails without a reason of the network', async () => {
    const frame = new FakeFrame({ services: { fetch: () => Promise.reject(new TypeError('Failed to fetch')) } })
    expect(await failure(frame.ask(request, { taskId: 1, url }))).toEqual({ reason: 'net::ERR_FAILED', errno: 600001 })
  })

  it('checks what a frame says', async () => {
    const frame = new FakeFrame({ services: { fetch: async () => new Response('') } })
    expect((await failure(frame.ask(request, { taskId: 'x', url }))).reason).toMatch(
      /parameter.taskId should be Number/,
    )
    expect((await failure(frame.ask(request, { taskId: 1 }))).reason).toMatch(/parameter.url should be String/)
    expect((await failure(frame.ask(request, { taskId: 1, url, header: 'x' }))).reason).toMatch(
      /parameter.header should be Object/,
    )
  })
})

describe('files', () => {
  it('come down with progress and an extension', async () => {
    const fetch = async () =>
      new Response(new Uint8Array(10), { headers: { 'content-type': 'image/png', 'content-length': '10' } })
    const frame = new FakeFrame({ services: { fetch } })
    const answer = await frame.ask(downloadFile, { taskId: 4, url, header: {} })
    expect(answer).toMatchObject({ statusCode: 200, extension: 'png' })
    expect(answer.data.byteLength).toBe(10)
    expect(frame.events.at(-1)).toEqual({
      name: 'progress', detail: { taskId: 4, progress: 100, totalBytesWritten: 10, totalBytesExpectedToWrite: 10 },
    })
  })

  it('of components need no task', async () => {
    const frame = new FakeFrame({ services: { fetch: async () => new Response('x') } })
    expect((await frame.ask(downloadFile, { url, header: [] })).data.byteLength).toBe(1)
  })

  it.each([
    ['image/jpeg', url, 'jpg'],
    ['image/svg+xml; charset=utf-8', url, 'svg'],
    ['application/octet-stream', 'https://a.b/c.docx?x=1.y', 'docx'],
    ['', 'https://a.b/c', 'unknown'],
    ['', 'nonsense', 'unknown'],
  ])('of type "%s" at %s end in %s', (type, address, extension) => {
    expect(extensionFor(type, address)).toBe(extension)
  })

  it('go up as a form', async () => {
    let form: FormData | undefined
    const fetch: typeof globalThis.fetch = async (_url, init) => {
      form = init!.body as FormData
      return new Response('done', { status: 201 })
    }
    const frame = new FakeFrame({ services: { fetch } })
    const args = {
      taskId: 1,
      url,
      name: 'photo',
      fileName: 'a.png',
      file: new Blob(['xyz']),
      formData: [['k', 'v']],
      header: {},
    }
    expect(await frame.ask(uploadFile, args)).toEqual({ statusCode: 201, data: 'done' })
    expect(form!.get('k')).toBe('v')
    expect((form!.get('photo') as File).name).toBe('a.png')
    expect(await (form!.get('photo') as File).text()).toBe('xyz')
  })
})

class FakeSocket {
  static all: FakeSocket[] = []
  static readonly OPEN = 1
  readyState = 0
  readonly sent: unknown[] = []
  onopen = () => undefined
  onmessage = (_: object) => undefined
  onclose = (_: object) => undefined
  onerror = () => undefined

  constructor(readonly url: string, readonly protocols: string[]) {
    FakeSocket.all.push(this)
  }

  send(data: unknown) {
    this.sent.push(data)
  }

  close(code = 1000, reason = '') {
    if (this.readyState === 3) return
    this.readyState = 3
    this.onclose({ code, reason })
  }
}

describe('sockets', () => {
  afterEach(() => vi.unstubAllGlobals())

  it('tell what happens, and end with the frame', async () => {
    vi.stubGlobal('WebSocket', FakeSocket)
    const frame = new FakeFrame()
    await frame.ask(socketConnect, { socketId: 1, url: 'wss://a.b', protocols: ['p'] })
    const [socket] = FakeSocket.all.splice(0)
    expect(socket!.protocols).toEqual(['p'])
    expect((await failure(frame.ask(socketSend, { socketId: 1, data: 'early' }))).reason).toBe(
      'SocketTask.readyState is not OPEN',
    )
    socket!.readyState = 1
    socket!.onopen()
    await frame.ask(socketSend, { socketId: 1, data: 'hi' })
    expect(socket!.sent).toEqual(['hi'])
    socket!.onmessage({ data: 'yo' })
    await frame.ask(socketClose, { socketId: 1, code: 3000, reason: 'r' })
    expect(frame.events.map(({ detail }) => detail)).toEqual([
      { socketId: 1, event: 'open', header: {} }, { socketId: 1, event: 'message', data: 'yo' },
      { socketId: 1, event: 'close', code: 3000, reason: 'r' },
    ])
    await frame.ask(socketConnect, { socketId: 2, url: 'wss://a.b' })
    frame.end.abort()
    expect(FakeSocket.all.splice(0)[0]!.readyState).toBe(3)
  })

  it('that do not open fail and close', async () => {
    vi.stubGlobal('WebSocket', FakeSocket)
    const frame = new FakeFrame()
    await frame.ask(socketConnect, { socketId: 1, url: 'wss://a.b', timeout: 1 })
    await vi.waitFor(() => expect(frame.events.map(({ detail }) => [detail.event, detail.message])).toEqual([
      ['error', 'connectSocket:fail timeout'], ['close', undefined],
    ]))
  })

  describe('of an operation of the gateway', () => {
    /** `wrong`: the device's clock is */
    function operation(wrong = false, socket = vi.fn(async (..._: any[]) => new URL(`wss://g/rpc/a?n=${socket.mock.calls.length}`))) {
      vi.stubGlobal('WebSocket', FakeSocket)
      FakeSocket.all.length = 0
      const clockWasWrong = vi.fn(async () => wrong)
      const frame = new FakeFrame({ gateway: { client: async () => ({ socket, clockWasWrong }) } as never })
      const told = () => frame.events.map(({ detail }) => detail.message ?? detail.event)
      const begin = () => frame.ask(socketConnect, { socketId: 1, operationType: 'a', query: 'x=1', version: '2' })
      return { frame, socket, clockWasWrong, told, begin }
    }

    it('are signed, each anew', async () => {
      const { frame, socket, told, begin } = operation()
      await begin()
      expect(socket.mock.calls[0]![0]).toMatchObject({ operationType: 'a', method: 'GET', query: '?x=1', version: '2', program: 'wxtest' })
      const [first] = FakeSocket.all.splice(0)
      first!.onopen()
      first!.close(1006)
      await begin()
      expect([first!.url, ...FakeSocket.all.splice(0).map(({ url }) => url)].map(String)).toEqual(['wss://g/rpc/a?n=1', 'wss://g/rpc/a?n=2'])
      await vi.waitFor(() => expect(told()).toEqual(['open', 'close']))
      frame.end.abort()
    })

    it('are tried once more when the device\'s clock was wrong', async () => {
      const { clockWasWrong, told, begin } = operation(true)
      await begin()
      FakeSocket.all.splice(0)[0]!.close(1006)
      await vi.waitFor(() => expect(FakeSocket.all).toHaveLength(1))
      const second = FakeSocket.all.splice(0)[0]!
      expect([String(second.url), told()]).toEqual(['wss://g/rpc/a?n=2', []])
      second.close(1006)
      await vi.waitFor(() => expect(told()).toEqual(['connectSocket:fail net::ERR_CONNECTION_FAILED', 'close']))
      expect(clockWasWrong).toHaveBeenCalledOnce()
    })

    it('fail with the client\'s reason, or when the gateway says no', async () => {
      const { told, begin } = operation()
      await begin()
      FakeSocket.all.splice(0)[0]!.close(1006)
      await vi.waitFor(() => expect(told()).toEqual(['connectSocket:fail net::ERR_CONNECTION_FAILED', 'close']))
      const prevented = operation(false, vi.fn(async () => { throw new RpcFault('prevented by an interceptor', 9) }))
      expect(await failure(prevented.begin())).toEqual({ reason: 'prevented by an interceptor', errno: 9 })
    })

    it('can be closed while they are signed', async () => {
      let signed!: (url: URL) => void
      const signing = new Promise<URL>((resolve) => { signed = resolve })
      const { frame, told, begin } = operation(false, vi.fn(() => signing))
      const begun = begin()
      await frame.ask(socketClose, { socketId: 1 })
      signed(new URL('wss://g/rpc/a'))
      await begun
      expect(FakeSocket.all).toEqual([])
      expect(told()).toEqual(['close'])
    })

    it('can be closed while they are signed once more', async () => {
      let signed!: (url: URL) => void
      const signing = new Promise<URL>((resolve) => { signed = resolve })
      const sign = vi.fn(async () => sign.mock.calls.length === 1 ? new URL('wss://g/rpc/a') : signing)
      const { frame, socket, told, begin } = operation(true, sign)
      await begin()
      FakeSocket.all.splice(0)[0]!.close(1006)
      await vi.waitFor(() => expect(socket).toHaveBeenCalledTimes(2))
      await frame.ask(socketClose, { socketId: 1 })
      signed(new URL('wss://g/rpc/a'))
      await vi.waitFor(() => expect(told()).toEqual(['close']))
      expect(FakeSocket.all).toEqual([])
    })
  })
})
