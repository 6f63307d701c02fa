/** WebSockets of a frame, by the frame's own ids; they end with the frame. */
import { number, text, texts } from './arguments'
import { fail } from './types'
import type { Capability, HostCall } from './types'

const open = new WeakMap<object, Map<number, WebSocket>>()

function socketsOf(call: HostCall): Map<number, WebSocket> {
  let sockets = open.get(call.session)
  if (!sockets) {
    const created = new Map<number, WebSocket>()
    open.set(call.session, (sockets = created))
    call.signal.addEventListener('abort', () => {
      for (const socket of created.values()) socket.close()
      created.clear()
    })
  }
  return sockets
}

/** Answers as soon as the connection is under way; `socket` events tell the rest. */
export const socketConnect: Capability = (call) => {
  const { args, emit } = call
  const socketId = number(args, 'socketId')
  const sockets = socketsOf(call)
  let socket: WebSocket
  try {
    socket = new WebSocket(text(args, 'url'), texts(args, 'protocols'))
  } catch {
    throw fail('invalid url', 600009)
  }
  socket.binaryType = 'arraybuffer'
  sockets.set(socketId, socket)

  let opened = false
  const timer = setTimeout(() => {
    error('timeout')
    socket.close()
  }, number(args, 'timeout', 60000))
  const error = (reason: string) =>
    emit('socket', { socketId, event: 'error', message: `connectSocket:fail ${reason}` })

  socket.onopen = () => {
    opened = true
    clearTimeout(timer)
    emit('socket', { socketId, event: 'open', header: {} })
  }
  socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) =>
    emit('socket', { socketId, event: 'message', data }, data instanceof ArrayBuffer ? [data] : undefined)
  socket.onerror = () => {
    if (!opened) error('net::ERR_CONNECTION_FAILED')
  }
  socket.onclose = ({ code, reason }) => {
    clearTimeout(timer)
    sockets.delete(socketId)
    emit('socket', { socketId, event: 'close', code, reason })
  }
  return {}
}

export const socketSend: Capability = (call) => {
  const socket = socketsOf(call).get(number(call.args, 'socketId'))
  if (!socket || socket.readyState !== WebSocket.OPEN) throw fail('SocketTask.readyState is not OPEN')
  const { data } = call.args
  if (typeof data !== 'string' && !(data instanceof ArrayBuffer))
    throw fail('parameter error: parameter.data should be String or ArrayBuffer')
  socket.send(data)
  return {}
}

export const socketClose: Capability = (call) => {
  socketsOf(call)
    .get(number(call.args, 'socketId'))
    ?.close(number(call.args, 'code', 1000), text(call.args, 'reason', ''))
  return {}
}
