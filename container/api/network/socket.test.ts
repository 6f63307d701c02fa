import { describe, expect, it, vi } from 'vitest'
import { fakeRuntime, outcome, refuse } from '../testing/fake-runtime'
import { sockets } from './socket'
import { networkStatus } from './status'

const url = 'wss://example.com/chat'
const HOST = { socketConnect: () => ({}), socketSend: () => ({}), socketClose: () => ({}) }

describe('wx.connectSocket', () => {
  it('tells its life through the task, with the states of WebSocket', async () => {
    const { wx, calls, receive } = fakeRuntime([sockets], HOST)
    const task = wx.connectSocket({ url, protocols: ['p'], success: () => undefined })
    const seen: unknown[] = []
    task.onOpen(() => seen.push('open'))
    task.onMessage(({ data }: any) => seen.push(data))
    task.onClose((detail: any) => seen.push(detail))
    expect(task.readyState).toBe(task.CONNECTING)
    const { socketId } = calls[0]!.args
    receive('socket', { socketId, event: 'open' })
    expect(task.readyState).toBe(task.OPEN)
    receive('socket', { socketId, event: 'message', data: 'hi' })
    expect(await task.send({ data: 'yo' })).toEqual({ errMsg: 'sendSocketMessage:ok' })
    expect(calls[1]).toEqual({ name: 'socketSend', args: { socketId, data: 'yo' } })
    await task.close({ code: 3001, reason: 'bye' })
    expect(task.readyState).toBe(task.CLOSING)
    receive('socket', { socketId, event: 'close', code: 3001, reason: 'bye' })
    expect(task.readyState).toBe(task.CLOSED)
    expect(seen).toEqual(['open', 'hi', { code: 3001, reason: 'bye' }])
    expect((await outcome(task.send({ data: 'late' }))).errMsg).toBe(
      'sendSocketMessage:fail SocketTask.readyState is not OPEN',
    )
  })

  it('works by the older functions on the last socket', async () => {
    const { wx, calls, receive } = fakeRuntime([sockets], HOST)
    expect((await outcome(wx.sendSocketMessage({ data: 'x' }))).errMsg).toBe(
      'sendSocketMessage:fail WebSocket is not connected',
    )
    const open = vi.fn()
    const message = vi.fn()
    wx.onSocketOpen(open)
    wx.onSocketMessage(message)
    wx.connectSocket({ url, success: () => undefined })
    const { socketId } = calls[0]!.args
    receive('socket', { socketId, event: 'open' })
    receive('socket', { socketId, event: 'message', data: 'hi' })
    expect(open).toHaveBeenCalledOnce()
    expect(message).toHaveBeenCalledWith({ data: 'hi' })
    await wx.sendSocketMessage({ data: 'x' })
    await wx.closeSocket()
    expect(calls.slice(1).map(({ name }) => name)).toEqual(['socketSend', 'socketClose'])
  })

  it('names an operation of the gateway instead of an address (eden.connectSocket)', async () => {
    const { wx, calls } = fakeRuntime([sockets], HOST)
    await wx.connectSocket({ operationType: 'eden.news.watch', query: { topic: 'a b' }, version: 2, protocols: ['p'] })
    expect(calls[0]!.args).toEqual({
      socketId: 1, operationType: 'eden.news.watch', query: 'topic=a%20b', version: '2', header: {}, protocols: ['p'], timeout: 60000,
    })
    expect((await outcome(wx.connectSocket({ operationType: 5 }))).errMsg).toContain('parameter.operationType should be String')
    expect((await outcome(wx.connectSocket({}))).errMsg).toContain('parameter.url should be String')
  })

  it('fails for a bad address, a refusing host, and a sixth socket', async () => {
    const refused = fakeRuntime([sockets], { socketConnect: refuse('url not in domain list', 600002) })
    expect((await outcome(refused.wx.connectSocket({ url: 'https://a.b' }))).errMsg).toBe(
      'connectSocket:fail invalid url "https://a.b"',
    )
    expect(await outcome(refused.wx.connectSocket({ url }))).toEqual({
      errMsg: 'connectSocket:fail url not in domain list',
      errno: 600002,
    })
    const { wx } = fakeRuntime([sockets], HOST)
    for (let left = 5; left > 0; left--) wx.connectSocket({ url, success: () => undefined })
    expect((await outcome(wx.connectSocket({ url }))).errMsg).toMatch(/^connectSocket:fail Exceeding/)
  })
})

it('wx.getNetworkType and its changes', async () => {
  const { wx, receive } = fakeRuntime([networkStatus])
  expect(await wx.getNetworkType()).toMatchObject({ networkType: 'wifi', errMsg: 'getNetworkType:ok' })
  const change = vi.fn()
  wx.onNetworkStatusChange(change)
  receive('network', { isConnected: false, networkType: 'none' })
  wx.offNetworkStatusChange(change)
  receive('network', { isConnected: true, networkType: 'wifi' })
  expect(change.mock.calls).toEqual([[{ isConnected: false, networkType: 'none' }]])
})
