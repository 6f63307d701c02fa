import { describe, expect, it, vi } from 'vitest'
import { fakeRuntime, outcome, refuse } from '../testing/fake-runtime'
import { http } from './http'

const AREAS = [http]
const url = 'https://api.example.com/v1'

describe('wx.request', () => {
  const answer = {
    statusCode: 200,
    header: { 'Content-Type': 'application/json' },
    cookies: ['a=1'],
    data: '{"ok":true}',
  }

  it('gives the parsed answer to success and complete', async () => {
    const { wx } = fakeRuntime(AREAS, { request: () => answer })
    const complete = vi.fn()
    const result: any = await new Promise((success) => wx.request({ url, success, complete }))
    expect(result).toEqual({ ...answer, data: { ok: true }, errMsg: 'request:ok' })
    expect(result.header['content-type']).toBe('application/json')
    expect(complete).toHaveBeenCalledWith(result)
  })

  it('tells the host method, header, body and the time limit of app.json', async () => {
    const { wx, calls } = fakeRuntime(
      AREAS,
      { request: () => answer },
      { config: { networkTimeout: { request: 3000 } } },
    )
    await wx.request({ url, method: 'POST', data: { a: 1 }, header: { token: 't' } })
    expect(calls[0]!.args).toMatchObject({
      url,
      method: 'POST',
      body: '{"a":1}',
      header: { token: 't', 'content-type': 'application/json' },
      timeout: 3000,
      responseType: 'text',
    })
    await wx.request({ url, timeout: 50 })
    expect(calls[1]!.args.timeout).toBe(50)
  })

  it.each([
    [undefined, 'request:fail parameter error: parameter.url should be String instead of Undefined;'],
    ['foo', 'request:fail invalid url "foo"'],
  ])('refuses the address %s', async (bad, errMsg) => {
    const { wx, calls } = fakeRuntime(AREAS, { request: () => answer })
    expect((await outcome(wx.request({ url: bad }))).errMsg).toBe(errMsg)
    expect(calls).toEqual([])
  })

  it('refuses a method that HTTP does not know', async () => {
    const { wx } = fakeRuntime(AREAS)
    expect((await outcome(wx.request({ url, method: 'FOO' }))).errMsg).toBe('request:fail method is invalid')
  })

  it.each([
    ['timeout', 5], ['url not in domain list', 600002],
  ])('fails with the host\'s reason %s', async (reason, errno) => {
    const { wx } = fakeRuntime(AREAS, { request: refuse(reason, errno) })
    const failure: any = await new Promise((fail) => wx.request({ url, fail }))
    expect(failure).toEqual({ errMsg: `request:fail ${reason}`, errno })
  })

  it('can be aborted, also in the turn in which it began', async () => {
    let finish = (_: unknown): void => undefined
    const { wx, calls } = fakeRuntime(AREAS, {
      request: () => new Promise((resolve) => { finish = resolve }),
      taskAbort: () => { finish({ statusCode: 0, data: '' }) },
    })
    const fail = vi.fn()
    wx.request({ url, fail }).abort()
    await vi.waitFor(() => expect(fail).toHaveBeenCalledWith({ errMsg: 'request:fail abort' }))
    expect(calls.map(({ name }) => name)).toEqual(['taskAbort'])

    const success = vi.fn()
    const task = wx.request({ url, fail, success })
    await vi.waitFor(() => expect(calls.map(({ name }) => name)).toContain('request'))
    task.abort()
    await vi.waitFor(() => expect(fail).toHaveBeenCalledTimes(2))
    expect(success).not.toHaveBeenCalled()
  })

  it('passes headers and chunks of its own task only', async () => {
    const fake = fakeRuntime(AREAS, {
      request: ({ taskId }) => {
        fake.receive('headers', { taskId, header: { A: '1' }, cookies: [] })
        fake.receive('chunk', { taskId, data: new ArrayBuffer(3) })
        fake.receive('chunk', { taskId: taskId + 1, data: new ArrayBuffer(9) })
        return answer
      },
    })
    const onHeaders = vi.fn()
    const onChunk = vi.fn()
    const removed = vi.fn()
    const done = new Promise((complete) => {
      const task = fake.wx.request({ url, enableChunked: true, complete })
      task.onHeadersReceived(onHeaders)
      task.onChunkReceived(onChunk)
      task.onChunkReceived(removed)
      task.offChunkReceived(removed)
    })
    await done
    expect(onHeaders).toHaveBeenCalledWith({ header: { A: '1' }, cookies: [] })
    expect(onChunk.mock.calls.map(([detail]) => detail.data.byteLength)).toEqual([3])
    expect(removed).not.toHaveBeenCalled()
  })
})

describe('wx.uploadFile', () => {
  it('sends the file with form fields as text and reports progress', async () => {
    const fake = fakeRuntime(AREAS, {
      uploadFile: ({ taskId }) => {
        fake.receive('progress', { taskId, progress: 50, totalBytesSent: 1, totalBytesExpectedToSend: 2 })
        return { statusCode: 200, data: 'text' }
      },
    })
    const filePath = fake.rt.files.addTemp(new TextEncoder().encode('hello'), 'txt')
    const progress = vi.fn()
    const result = await new Promise((success) => {
      fake.wx
        .uploadFile({ url, filePath, name: 'file', formData: { n: 1, o: { a: 1 } }, success })
        .onProgressUpdate(progress)
    })
    expect(result).toEqual({ statusCode: 200, data: 'text', errMsg: 'uploadFile:ok' })
    expect(progress).toHaveBeenCalledWith({ progress: 50, totalBytesSent: 1, totalBytesExpectedToSend: 2 })
    const { file, fileName, formData } = fake.calls[0]!.args
    expect(await file.text()).toBe('hello')
    expect(filePath.endsWith(fileName)).toBe(true)
    expect(formData).toEqual([['n', '1'], ['o', '{"a":1}']])
  })

  it('fails when there is no such file', async () => {
    const { wx, calls } = fakeRuntime(AREAS)
    const { errMsg } = await outcome(wx.uploadFile({ url, filePath: 'http://tmp/none.png', name: 'file' }))
    expect(errMsg).toBe('uploadFile:fail file not found')
    expect(calls).toEqual([])
  })
})

describe('wx.downloadFile', () => {
  const data = new TextEncoder().encode('body').buffer
  const host = { downloadFile: () => ({ statusCode: 200, header: {}, data, extension: 'txt' }), fileWrite: () => ({}) }

  it('keeps a temporary file', async () => {
    const { wx, rt } = fakeRuntime(AREAS, host)
    const result = await wx.downloadFile({ url })
    expect(result).toMatchObject({ statusCode: 200, errMsg: 'downloadFile:ok' })
    expect(result.tempFilePath).toMatch(/^http:\/\/tmp\/.+\.txt$/)
    expect(new TextDecoder().decode(rt.files.read(result.tempFilePath))).toBe('body')
  })

  it('writes to a path of the program when told', async () => {
    const { wx, rt } = fakeRuntime(AREAS, host)
    const result = await wx.downloadFile({ url, filePath: 'wxfile://usr/x.txt' })
    expect(result).toEqual({ statusCode: 200, header: {}, filePath: 'wxfile://usr/x.txt', errMsg: 'downloadFile:ok' })
    expect(rt.files.read('wxfile://usr/x.txt')).toHaveLength(4)
  })

  it('fails with the host\'s reason', async () => {
    const { wx } = fakeRuntime(AREAS, { downloadFile: refuse('exceed max file size') })
    expect((await outcome(wx.downloadFile({ url }))).errMsg).toBe('downloadFile:fail exceed max file size')
  })
})
