/** eden.rpc: an operation of the gateway. That the program may call it was checked by the host. */
import type { WireObject } from '../../bridge/messages'
import { isRpcFault } from '../rpc/fault'
import { isOperationType, isOwnHeader, utf8 } from '../rpc/wire'
import { number, text, textEntries } from './arguments'
import { answerHeaders } from './http-message'
import { runTask } from './tasks'
import { fail } from './types'
import type { Capability, HostCall } from './types'

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])

export const rpc: Capability = (call) => runTask(call, number(call.args, 'timeout', 60_000), async (signal) => {
  const { args, gateway, program } = call
  if (!gateway) throw fail('the phone has no gateway')
  const operationType = text(args, 'operationType')
  if (!isOperationType(operationType)) throw fail('operationType is invalid')
  const method = text(args, 'method', 'POST')
  if (!METHODS.has(method)) throw fail('method is invalid')
  const query = text(args, 'query', '')
  const client = await gateway.client().catch(() => { throw fail('the gateway client could not be loaded') })
  try {
    const { answer, stream } = await client.call({
      operationType, program: program.appId, method, query: query && `?${query}`, headers: headersOf(call),
      body: bodyOf(args.body), version: text(args, 'version', ''), streamed: args.enableChunked === true,
    }, signal)
    const { statusCode, resultStatus, tips, memo, trace, body } = answer
    const { header } = answerHeaders(answer.headers)
    const head = { statusCode, resultStatus, tips, memo, trace, header }
    call.emit('headers', { taskId: args.taskId, statusCode, header, cookies: [] })
    if (!stream) return { ...head, data: args.responseType === 'arraybuffer' ? body!.buffer : new TextDecoder().decode(body) }
    await pass(stream, call)
    return { ...head, data: '' }
  } catch (error) {
    if (isRpcFault(error)) throw fail(error.reason, error.code)
    throw error
  }
})

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

async function pass(stream: ReadableStream<Uint8Array<ArrayBuffer>>, call: HostCall): Promise<void> {
  const reader = stream.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      const data = value.slice().buffer
      call.emit('chunk', { taskId: call.args.taskId, data }, [data])
    }
  } finally {
    void reader.cancel().catch(() => undefined)
  }
}
