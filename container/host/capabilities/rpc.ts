/** Operations of the gateway: eden.rpc, and what other calls reach there. That the program may was checked by the host. */
import type { WireObject } from '../../bridge/messages'
import type { Client, Outgoing } from '../rpc/client'
import { isRpcFault } from '../rpc/fault'
import { isOperationType, isOwnHeader, utf8 } from '../rpc/wire'
import { number, text, textEntries } from './arguments'
import { answerHeaders } from './http-message'
import { readChunks, runTask } from './tasks'
import { fail } from './types'
import type { Capability, HostCall } from './types'

/** result code of what the gateway let through, and the service answered */
export const GOOD = 1000
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])

export const rpc: Capability = (call) => runTask(call, number(call.args, 'timeout', 60_000), (signal) => callOperation(call, signal))

/** Call an operation; events `headers` and `chunk` as of any request. */
export async function callOperation(call: HostCall, signal: AbortSignal): Promise<Operated> {
  const { args } = call
  const client = await clientOf(call)
  const { answer, stream } = await told(() => client.call(outgoing(call), signal))
  const { statusCode, resultStatus, tips, memo, trace, body } = answer
  const { header } = answerHeaders(answer.headers)
  const head = { statusCode, resultStatus, tips, memo, trace, header }
  call.emit('headers', { taskId: args.taskId, statusCode, header, cookies: [] })
  if (args.enableChunked !== true) {
    return { ...head, data: args.responseType === 'arraybuffer' ? body!.buffer : new TextDecoder().decode(body) }
  }
  // what had to be checked as a whole is one piece
  await readChunks(stream ?? new Response(body).body, (data) => call.emit('chunk', { taskId: args.taskId, data }, [data]))
  return { ...head, data: '' }
}

export interface Operated extends WireObject {
  statusCode: number
  resultStatus: number
  header: { [name: string]: string }
  data: string | ArrayBuffer
}

export function clientOf({ gateway }: HostCall): Promise<Client> {
  if (!gateway) throw fail('the phone has no gateway')
  return gateway.client().catch(() => { throw fail('the gateway client could not be loaded') })
}

export function outgoing(call: HostCall): Outgoing {
  const { args, program } = call
  const operationType = text(args, 'operationType')
  if (!isOperationType(operationType)) throw fail('operationType is invalid')
  const method = text(args, 'method', 'POST')
  if (!METHODS.has(method)) throw fail('method is invalid')
  const query = text(args, 'query', '')
  return {
    operationType, program: program.appId, method, query: query && `?${query}`, headers: headersOf(call), body: bodyOf(args.body),
    version: text(args, 'version', ''), streamed: args.enableChunked === true,
  }
}

/** With the client's own reason when it fails. */
export async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw isRpcFault(error) ? fail(error.reason, error.code) : error
  }
}

/** In the order of the program; those that are the gateway's or the browser's are left out. */
function headersOf({ args }: HostCall): Headers {
  const headers = new Headers()
  for (const [name, value] of textEntries(args, 'header')) {
    if (isOwnHeader(name)) continue
    try {
      headers.append(name, value)
    } catch {
      throw fail(`header "${name}" is invalid`)
    }
  }
  return headers
}

function bodyOf(body: WireObject[string]): Uint8Array<ArrayBuffer> | undefined {
  if (body === undefined || body === null) return undefined
  if (typeof body === 'string') return utf8(body)
  if (body instanceof ArrayBuffer) return new Uint8Array(body)
  throw fail('the body must be text or bytes')
}
