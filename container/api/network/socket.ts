/**
 * WebSockets: wx.connectSocket with its SocketTask, and the older functions that work on the last socket opened.
 *
 * The host owns the connection; `socket` events carry what happens on it.
 */
import type { Runtime } from '../../runtime/context'
import type { Area, AreaFactory } from '../kit'
import { fail, publish, requireParameter } from '../kit'
import { Listeners } from '../listeners'
import { addQuery, encodeHeader, isAddress } from './encode'

const CONNECTING = 0
const OPEN = 1
const CLOSING = 2
const CLOSED = 3

/** WeChat allows five connections at a time. */
const MAX_SOCKETS = 5

class Socket {
  readyState = CONNECTING
  readonly CONNECTING = CONNECTING
  readonly OPEN = OPEN
  readonly CLOSING = CLOSING
  readonly CLOSED = CLOSED
  readonly send: (options: any) => unknown
  readonly close: (options?: any) => unknown
  readonly onOpen: (listener: (detail: any) => void) => void
  readonly onMessage: (listener: (detail: any) => void) => void
  readonly onClose: (listener: (detail: any) => void) => void
  readonly onError: (listener: (detail: any) => void) => void

  constructor(rt: Runtime, id: number, events: SocketEvents) {
    this.onOpen = events.open.on
    this.onMessage = events.message.on
    this.onClose = events.close.on
    this.onError = events.error.on
    this.send = publish(rt, 'sendSocketMessage', (options) => {
      if (this.readyState !== OPEN) throw fail('SocketTask.readyState is not OPEN')
      const { data } = options
      if (typeof data !== 'string' && !(data instanceof ArrayBuffer)) {
        throw fail('parameter error: parameter.data should be String or ArrayBuffer')
      }
      return rt.call('socketSend', { socketId: id, data }).then(() => ({}))
    })
    this.close = publish(rt, 'closeSocket', ({ code = 1000, reason = '' }) => {
      if (this.readyState === CLOSED || this.readyState === CLOSING)
        throw fail('SocketTask.readyState is not OPEN or CONNECTING')
      if (code !== 1000 && !(code >= 3000 && code <= 4999)) {
        throw fail('The code must be either 1000, or between 3000 and 4999')
      }
      this.readyState = CLOSING
      return rt.call('socketClose', { socketId: id, code, reason }).then(() => ({}))
    })
  }
}

class SocketEvents {
  readonly open: Listeners<any>
  readonly message: Listeners<any>
  readonly close: Listeners<any>
  readonly error: Listeners<any>

  constructor(rt: Runtime, name: string) {
    this.open = new Listeners(rt, `${name}Open`)
    this.message = new Listeners(rt, `${name}Message`)
    this.close = new Listeners(rt, `${name}Close`)
    this.error = new Listeners(rt, `${name}Error`)
  }
}

export const sockets: AreaFactory = (rt): Area => {
  const running = new Map<number, { socket: Socket; events: SocketEvents }>()
  const global = new SocketEvents(rt, 'onSocket')
  let next = 1
  let latest: Socket | undefined

  const deliver = (id: number, kind: 'open' | 'message' | 'close' | 'error', detail: any) => {
    const entry = running.get(id)
    if (!entry) return
    if (kind === 'open') entry.socket.readyState = OPEN
    if (kind === 'close' || kind === 'error') entry.socket.readyState = CLOSED
    if (kind === 'close') running.delete(id)
    entry.events[kind].emit(detail)
    if (entry.socket === latest) global[kind].emit(detail)
  }

  rt.on('socket', ({ socketId, event, data, code, reason, header, message }) => {
    if (event === 'open') deliver(socketId, 'open', { header: header ?? {}, profile: {} })
    else if (event === 'message') deliver(socketId, 'message', { data })
    else if (event === 'error') deliver(socketId, 'error', { errMsg: message ?? 'connectSocket:fail' })
    else deliver(socketId, 'close', { code: code ?? 1006, reason: reason ?? 'abnormal closure' })
  })

  return {
    async: {
      connectSocket(options, call) {
        const id = next++
        const events = new SocketEvents(rt, 'SocketTask.on')
        const socket = new Socket(rt, id, events)
        call.task = socket
        const { header, protocols = [], timeout } = options
        const target = targetOf(options)
        if (running.size >= MAX_SOCKETS) throw fail('Exceeding the maximum concurrent connections limit')
        running.set(id, { socket, events })
        latest = socket
        const limit = timeout ?? rt.config.networkTimeout?.connectSocket ?? 60000
        return rt
          .call('socketConnect', { socketId: id, ...target, header: encodeHeader(header), protocols, timeout: limit })
          .then(
            () => ({ socketTaskId: id }),
            (error) => {
              deliver(id, 'error', { errMsg: `connectSocket:fail ${error.reason}` })
              running.delete(id)
              throw error
            },
          )
      },
      sendSocketMessage(options) {
        if (!latest || latest.readyState !== OPEN) throw fail('WebSocket is not connected')
        return latest.send({ data: options.data })
      },
      closeSocket({ code, reason }) {
        if (!latest || latest.readyState >= CLOSING) throw fail('WebSocket is not connected')
        return latest.close({ code, reason })
      },
    },
    sync: {
      onSocketOpen: global.open.on,
      onSocketMessage: global.message.on,
      onSocketClose: global.close.on,
      onSocketError: global.error.on,
      offSocketOpen: global.open.off,
      offSocketMessage: global.message.off,
      offSocketClose: global.close.off,
      offSocketError: global.error.off,
    },
    partial: {
      'connectSocket.object.header': 'a browser sends no headers of the program with a WebSocket',
      'connectSocket.object.tcpNoDelay': 'the browser decides',
      'connectSocket.object.perMessageDeflate': 'the browser decides',
      'connectSocket.object.forceCellularNetwork': 'a browser cannot choose the network',
    },
  }
}

/** An address, or an operation of the gateway (`eden.connectSocket`, docs/rpc.md). */
function targetOf(options: any): { url: string } | { operationType: string; query: string; version: string } {
  const { url, operationType, query, version = '' } = options
  if (url === undefined && operationType !== undefined) {
    requireParameter(options, 'operationType', 'String')
    return { operationType, query: addQuery('', query).replace(/^\?/, ''), version: String(version) }
  }
  requireParameter(options, 'url', 'String')
  if (!isAddress(url, ['ws', 'wss'])) throw fail(`invalid url "${url}"`, 600009)
  return { url }
}
