/** WebSockets of a frame, by the frame's own ids; they end with the frame. */
import type { WireObject } from '../../bridge/messages'
import { number, text, texts } from './arguments'
import { clientOf, outgoing, told } from './rpc'
import { fail } from './types'
import type { Capability, HostCall } from './types'

const open = new WeakMap<object, Map<number, Connection>>()

function socketsOf(call: HostCall): Map<number, Connection> {
  let sockets = open.get(call.session)
  if (!sockets) {
    const created = new Map<number, Connection>()
    open.set(call.session, (sockets = created))
    call.signal.addEventListener('abort', () => {
      for (const socket of created.values()) socket.close()
      created.clear()
    })
  }
  return sockets
}

/** Answers as soon as the connection is under way; `socket` events tell the rest. */
export const socketConnect: Capability = async (call) => {
  const socketId = number(call.args, 'socketId')
  const sockets = socketsOf(call)
  const connection = new Connection(call, () => sockets.delete(socketId))
  sockets.set(socketId, connection)
  await connection.begin(number(call.args, 'timeout', 60000))
  return {}
}

export const socketSend: Capability = (call) => {
  const socket = socketsOf(call).get(number(call.args, 'socketId'))
  if (!socket?.isOpen) throw fail('SocketTask.readyState is not OPEN')
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

/** One that the frame asked for: also signing for an operation of the gateway, and what comes of it. */
class Connection {
  private socket: WebSocket | undefined
  private timer: ReturnType<typeof setTimeout> | undefined
  private opened = false
  /** aborted: the frame closed it, or waited for too long */
  private readonly left = new AbortController()

  constructor(private readonly call: HostCall, private readonly gone: () => void) {}

  async begin(timeout: number): Promise<void> {
    this.timer = setTimeout(() => {
      this.fail('timeout')
      this.close()
    }, timeout)
    try {
      await this.connect(true)
    } catch (error) {
      clearTimeout(this.timer)
      this.gone()
      throw error
    }
  }

  get isOpen(): boolean {
    return this.socket?.readyState === WebSocket.OPEN
  }

  send(data: string | ArrayBuffer): void {
    this.socket!.send(data)
  }

  close(code = 1000, reason = ''): void {
    this.left.abort()
    if (this.socket) this.socket.close(code, reason)
    else this.end(code, reason)
  }

  private async connect(first: boolean): Promise<void> {
    const address = await this.address()
    if (this.left.signal.aborted) return
    let socket: WebSocket
    try {
      socket = new WebSocket(address, texts(this.call.args, 'protocols'))
    } catch {
      throw fail('invalid url', 600009)
    }
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => {
      this.opened = true
      clearTimeout(this.timer)
      this.tell({ event: 'open', header: {} })
    }
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) =>
      this.tell({ event: 'message', data }, data instanceof ArrayBuffer ? [data] : undefined)
    socket.onclose = ({ code, reason }) => void this.closed(code, reason, first)
    this.socket = socket
  }

  private async address(): Promise<string | URL> {
    const { call } = this
    if (call.args.operationType === undefined) return text(call.args, 'url')
    const client = await clientOf(call)
    return told(() => client.socket({ ...outgoing(call), method: 'GET' }, this.left.signal))
  }

  private async closed(code: number, reason: string, first: boolean): Promise<void> {
    try {
      if (first && !this.opened && await this.clockWasWrong()) {
        await this.connect(false)
        // left meanwhile, there is no other socket that would close
        if (!this.left.signal.aborted) return
      }
    } catch {
      // it is not open, for whichever reason
    }
    if (!this.opened && !this.left.signal.aborted) this.fail('net::ERR_CONNECTION_FAILED')
    this.end(code, reason)
  }

  private async clockWasWrong(): Promise<boolean> {
    if (this.call.args.operationType === undefined) return false
    const client = await clientOf(this.call)
    return await client.clockWasWrong(this.left.signal)
  }

  private fail(reason: string): void {
    this.tell({ event: 'error', message: `connectSocket:fail ${reason}` })
  }

  private end(code: number, reason: string): void {
    clearTimeout(this.timer)
    this.gone()
    this.tell({ event: 'close', code, reason })
  }

  private tell(detail: WireObject, transfer?: Transferable[]): void {
    this.call.emit('socket', { socketId: number(this.call.args, 'socketId'), ...detail }, transfer)
  }
}
