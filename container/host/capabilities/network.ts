/** request (also of an operation of the gateway), uploadFile, downloadFile. Domains and rates were checked by the host. */
import type { WireObject } from '../../bridge/messages'
import { blob, list, number, text, textEntries } from './arguments'
import { answerHeaders, PROXY_FAILURE, target } from './http-message'
import { callOperation, GOOD } from './rpc'
import { networkFailure, readChunks, runTask } from './tasks'
import { browserFetch, fail } from './types'
import type { Capability, HostCall } from './types'

/** Downloads above this are refused: the answer crosses to the frame in one piece, in memory. */
const MAX_DOWNLOAD = 200 * 1024 * 1024

export const request: Capability = (call) => runTask(call, number(call.args, 'timeout', 60000), async (signal) => {
  const { args, services } = call
  if (args.operationType !== undefined) {
    const { statusCode, resultStatus, header, data } = await callOperation(call, signal)
    // a refusal need not be signed, and so must not pass for an answer of the service
    if (resultStatus !== GOOD && statusCode < 400) throw fail(`result ${resultStatus}`)
    return { statusCode, header, cookies: [], data }
  }
  const method = text(args, 'method', 'GET')
  const body = args.body as string | ArrayBuffer | undefined
  const header = textEntries(args, 'header')
  // Without a body the type says nothing, and would cost a preflight.
  const sent =
    body === undefined && !services.proxy ? header.filter(([name]) => name.toLowerCase() !== 'content-type') : header
  const { url, headers } = target(text(args, 'url'), sent, call.program, services)
  const response = await services.fetch(url, {
    method,
    headers,
    body,
    signal,
    credentials: 'omit',
    cache: 'no-store',
    redirect: args.redirect === 'manual' ? 'manual' : 'follow',
  })
  const { header: answered, cookies } = announce(call, response)
  const result = { statusCode: response.status, header: answered, cookies }
  if (args.enableChunked) {
    await readChunks(response.body, (data) => call.emit('chunk', { taskId: args.taskId, data }, [data]))
    return { ...result, data: '' }
  }
  return { ...result, data: args.responseType === 'arraybuffer' ? await response.arrayBuffer() : await response.text() }
})

export const downloadFile: Capability = (call) => runTask(call, number(call.args, 'timeout', 60000), async (signal) => {
  const { url, headers } = target(text(call.args, 'url'), textEntries(call.args, 'header'), call.program, call.services)
  const response = await call.services.fetch(url, { headers, signal, credentials: 'omit' })
  const { header } = announce(call, response)
  const total = Number(response.headers.get('content-length')) || 0
  if (total > MAX_DOWNLOAD) throw fail('exceed max file size')
  const parts: ArrayBuffer[] = []
  let written = 0
  const report = progressReporter(call)
  await readChunks(response.body, (data) => {
    parts.push(data)
    written += data.byteLength
    if (written > MAX_DOWNLOAD) throw fail('exceed max file size')
    // Compressed answers are longer than their length says.
    const expected = Math.max(total, written)
    report(expected ? Math.floor((written / expected) * 100) : 0, {
      totalBytesWritten: written, totalBytesExpectedToWrite: expected,
    })
  })
  return {
    statusCode: response.status,
    header,
    data: await new Blob(parts).arrayBuffer(),
    extension: extensionFor(response.headers.get('content-type') ?? '', text(call.args, 'url')),
  }
})

/** XMLHttpRequest, because fetch does not tell how much it has sent. */
export const uploadFile: Capability = (call) => runTask(call, number(call.args, 'timeout', 60000), (signal) => {
  const { args } = call
  const form = new FormData()
  for (const pair of list(args, 'formData')) {
    if (Array.isArray(pair)) form.append(String(pair[0]), String(pair[1]))
  }
  form.append(text(args, 'name'), blob(args, 'file'), text(args, 'fileName', 'file'))
  // The browser writes the type, with the boundary.
  const header = textEntries(args, 'header').filter(([name]) => name.toLowerCase() !== 'content-type')
  const { url, headers } = target(text(args, 'url'), header, call.program, call.services)
  if (call.services.fetch !== browserFetch) return sendForm(call, url, headers, form, signal)
  const report = progressReporter(call)
  return new Promise<WireObject>((resolve, reject) => {
    const sender = new XMLHttpRequest()
    sender.open('POST', url)
    headers.forEach((value, name) => sender.setRequestHeader(name, value))
    sender.upload.onprogress = ({ loaded, total }) =>
      report(total ? Math.floor((loaded / total) * 100) : 0, {
        totalBytesSent: loaded,
        totalBytesExpectedToSend: total,
      })
    sender.onload = () => {
      // All at once: asking for one header that another origin does not show is an error in the browser's console.
      const received = parseHeaders(sender.getAllResponseHeaders())
      if (received.has(PROXY_FAILURE)) return reject(networkFailure())
      const { header: answered, cookies } = answerHeaders(received)
      call.emit('headers', { taskId: args.taskId, header: answered, cookies })
      resolve({ statusCode: sender.status, data: sender.responseText })
    }
    sender.onerror = () => reject(networkFailure())
    sender.onabort = () => reject(fail('abort'))
    signal.addEventListener('abort', () => sender.abort())
    sender.send(form)
  })
})

/** Without progress, but for its end. */
async function sendForm(
  call: HostCall,
  url: string,
  headers: Headers,
  body: FormData,
  signal: AbortSignal,
): Promise<WireObject> {
  const response = await call.services.fetch(url, { method: 'POST', headers, body, signal, credentials: 'omit' })
  announce(call, response)
  call.emit('progress', { taskId: call.args.taskId, progress: 100 })
  return { statusCode: response.status, data: await response.text() }
}

function announce(call: HostCall, response: Response): ReturnType<typeof answerHeaders> {
  if (response.headers.has(PROXY_FAILURE)) throw networkFailure()
  const answer = answerHeaders(response.headers)
  call.emit('headers', { taskId: call.args.taskId, statusCode: response.status, ...answer })
  return answer
}

/** Each percent is told once. */
function progressReporter(call: HostCall): (progress: number, detail: WireObject) => void {
  let last = -1
  return (progress, detail) => {
    if (progress === last) return
    last = progress
    call.emit('progress', { taskId: call.args.taskId, progress, ...detail })
  }
}

function parseHeaders(lines: string): Headers {
  const headers = new Headers()
  for (const line of lines.trim().split(/[\r\n]+/)) {
    const colon = line.indexOf(':')
    if (colon > 0) headers.append(line.slice(0, colon), line.slice(colon + 1).trim())
  }
  return headers
}

const EXTENSIONS: { [type: string]: string } = {
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/gif': 'gif',
  'image/webp': 'webp',
  'image/svg+xml': 'svg',
  'image/bmp': 'bmp',
  'video/mp4': 'mp4',
  'video/webm': 'webm',
  'audio/mpeg': 'mp3',
  'audio/mp4': 'm4a',
  'audio/aac': 'aac',
  'audio/wav': 'wav',
  'audio/ogg': 'ogg',
  'audio/webm': 'webm',
  'application/pdf': 'pdf',
  'application/json': 'json',
  'application/zip': 'zip',
  'text/plain': 'txt',
  'text/html': 'html',
  'text/css': 'css',
  'font/woff': 'woff',
  'font/woff2': 'woff2',
  'application/msword': 'doc',
  'application/vnd.ms-excel': 'xls',
  'application/vnd.ms-powerpoint': 'ppt',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': 'pptx',
}

/** File extension for a content type, else the address's own, else "unknown" as on WeChat. */
export function extensionFor(type: string, url: string): string {
  const known = EXTENSIONS[type.split(';')[0]!.trim().toLowerCase()]
  if (known) return known
  try {
    return /\.([a-z0-9]{1,8})$/i.exec(new URL(url).pathname)?.[1]?.toLowerCase() ?? 'unknown'
  } catch {
    return 'unknown'
  }
}
