import { describe, expect, it } from 'vitest'
import { publish } from './kit'
import { rpc } from './rpc'
import { fakeRuntime, outcome, refuse } from './testing/fake-runtime'

const head = { statusCode: 200, resultStatus: 1000, tips: '', memo: '', trace: 'abc', header: { 'Content-Type': 'application/json' } }

function program(answer: (args: any) => unknown) {
  const { rt, calls, receive } = fakeRuntime([], { rpc: answer })
  return { call: publish(rt, 'rpc', rpc(rt)) as (options: object) => any, calls, receive }
}

describe('eden.rpc', () => {
  it('posts data as JSON and gives the parsed answer with its trace', async () => {
    const { call, calls } = program(() => ({ ...head, data: '{"ok":true}' }))
    const result = await call({ operationType: 'a.b.c.d', data: { x: 1 }, query: { id: '4 2' }, headers: { token: 1 }, version: 2 })
    expect(result).toMatchObject({ data: { ok: true }, trace: 'abc', errMsg: 'rpc:ok' })
    expect(result.header['content-type']).toBe('application/json')
    expect(calls[0]!.args).toMatchObject({
      operationType: 'a.b.c.d', method: 'POST', query: 'id=4%202', body: '{"x":1}', header: { token: '1', 'content-type': 'application/json' },
      version: '2', timeout: 60_000,
    })
  })

  it('puts the data of GET into the query', async () => {
    const { call, calls } = program(() => ({ ...head, data: '' }))
    await call({ operationType: 'a', method: 'get', data: { x: 1 }, query: { y: 2 } })
    expect(calls[0]!.args).toMatchObject({ method: 'GET', query: 'y=2&x=1', body: undefined })
  })

  it('fails with what the gateway, or the service, said', async () => {
    const limited = program(() => ({ ...head, statusCode: 429, resultStatus: 1002, tips: '请稍后再试', data: '{"code":"limited"}' }))
    expect(await outcome(limited.call({ operationType: 'a' }))).toMatchObject({
      errMsg: 'rpc:fail 请稍后再试', errno: 1002, resultStatus: 1002, statusCode: 429, trace: 'abc', data: { code: 'limited' },
    })
    const missing = program(() => ({ ...head, statusCode: 404, data: '{"code":"not-found"}' }))
    expect(await outcome(missing.call({ operationType: 'a' }))).toMatchObject({ errMsg: 'rpc:fail status 404', statusCode: 404, data: { code: 'not-found' } })
    const refused = program(refuse('operation not in list', 600002))
    expect(await outcome(refused.call({ operationType: 'a' }))).toEqual({ errMsg: 'rpc:fail operation not in list', errno: 600002 })
    expect((await outcome(refused.call({}))).errMsg).toContain('parameter.operationType should be String')
    expect((await outcome(refused.call({ operationType: 'a', method: 'NONE' }))).errMsg).toBe('rpc:fail method is invalid')
  })

  it('has a task: chunks, headers, abort', async () => {
    let done: (value: object) => void = () => undefined
    const { call, receive } = program((args) => args.operationType && new Promise((resolve) => { done = resolve }))
    const chunks: unknown[] = []
    const task = call({ operationType: 'a', enableChunked: true })
    task.onChunkReceived((chunk: object) => chunks.push(chunk))
    await Promise.resolve()
    await Promise.resolve()
    receive('chunk', { taskId: 1, data: 'x' })
    done({ ...head, data: '' })
    expect((await task).resultStatus).toBe(1000)
    expect(chunks).toEqual([{ data: 'x' }])
    const aborted = call({ operationType: 'a' })
    aborted.abort()
    expect((await outcome(aborted)).errMsg).toBe('rpc:fail abort')
  })
})
