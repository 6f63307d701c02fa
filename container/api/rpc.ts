/**
 * `eden.rpc`: an operation of the organisation's gateway. The host signs and encrypts (docs/gateway-wire.md); the program names
 * the operation and gives data.
 *
 *     eden.rpc({ operationType: 'eden.bank.account.overview.get', query: { id }, success: ({ data }) => … })
 *
 * `data` is the body (of GET and HEAD: the query); `query` holds what the operation wants in its path and query; `method` is
 * POST by default. With `enableChunked`, or of a stream, the answer comes piece by piece to the task's `onChunkReceived`. What
 * the gateway refuses, and answers of the service from 400 on, fail, with the fields of the answer.
 */
import type { Runtime } from '../runtime/context'
import type { CallInfo } from './kit'
import { fail, requireParameter } from './kit'
import { addQuery, anyCase, decodeData, encodeHeader, encodeRequest, isMethod } from './network/encode'
import { networkTasks } from './network/tasks'

const GOOD = 1000
const DEFAULT_TIMEOUT = 60_000

export const rpc = (rt: Runtime) => async (options: any, call: CallInfo): Promise<object> => {
  const tasks = networkTasks(rt)
  const task = tasks.start('rpc')
  call.task = {
    abort: task.abort,
    onHeadersReceived: task.headers.on,
    offHeadersReceived: task.headers.off,
    onChunkReceived: task.chunks.on,
    offChunkReceived: task.chunks.off,
  }
  requireParameter(options, 'operationType', 'String')
  const { operationType, version = '', data, dataType, responseType, enableChunked = false, timeout } = options
  const { url, method, header, body } = encodeRequest({
    url: addQuery('', options.query), method: options.method ?? 'POST', header: encodeHeader(options.headers ?? options.header), data,
  })
  if (!isMethod(method)) throw fail('method is invalid')
  const answer = await tasks.run(task, 'rpc', {
    operationType, method, header, body, enableChunked,
    query: url.replace(/^\?/, ''),
    version: String(version),
    responseType: responseType === 'arraybuffer' ? 'arraybuffer' : 'text',
    timeout: timeout > 0 ? timeout : rt.config.networkTimeout?.request ?? DEFAULT_TIMEOUT,
  })
  const result = { ...answer, header: anyCase(answer.header), data: decodeData(answer.data, dataType, responseType) }
  if (result.resultStatus === GOOD && result.statusCode < 400) return result
  throw fail(result.tips || result.memo || `status ${result.statusCode}`, result.resultStatus || result.statusCode, result)
}
