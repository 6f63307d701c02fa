"""What every generated TypeScript module begins with."""

HEAD = """/**
 * Operations of the gateway: {title}. Generated; what is changed here is lost the next time.
 */
"""

SHARED = """\
/** What may be said with each call. */
export interface CallOptions {
  /** sent beside those of the operation */
  headers?: Record<string, string>
  /** milliseconds; the transport's without one */
  timeout?: number
}

/** One call, as transports get it. Values of `query` and `headers` that are undefined or null are not sent. */
export interface Call {
  operationType: string
  method: string
  version?: string
  query: [string, unknown][]
  headers: [string, unknown][]
  body?: unknown
  contentType: string
}

export type Transport = (call: Call, options?: CallOptions) => Promise<unknown>

/** What the gateway or the service refuses. `code`: the gateway's result code; `trace`: what its console looks up. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'
  constructor(
    message: string,
    readonly code: number,
    readonly status: number,
    readonly trace: string,
    readonly data: unknown,
  ) {
    super(message)
  }
}

// as addresses are sent: what their parser would still encode is encoded before it is signed
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, one => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)

const query = (pairs: [string, unknown][]): string => {
  const found: string[] = []
  for (const [name, value] of pairs) {
    for (const one of Array.isArray(value) ? value as unknown[] : [value]) {
      if (one === undefined || one === null) continue
      found.push(`${encode(name)}=${encode(String(one))}`)
    }
  }
  return found.join('&')
}

const headers = (pairs: [string, unknown][]): Record<string, string> =>
  Object.fromEntries(
    pairs.flatMap(([name, value]) => value === undefined || value === null ? [] : [[name, String(value)]]))
"""

MINI = """\
interface Reply {
  data: unknown
  statusCode?: number
  resultStatus?: number
  tips?: string
  errMsg?: string
  trace?: string
}

declare const eden: {
  rpc(options: Record<string, unknown> & { success(reply: Reply): void, fail(reply: Partial<Reply>): void }): unknown
}

/** Calls by `eden.rpc`: the app signs and encrypts. */
export const miniProgramTransport: Transport = (call, options) => new Promise((resolve, reject) => {
  const search = query(call.query)
  eden.rpc({
    operationType: call.operationType,
    method: call.method,
    ...call.version === undefined ? {} : { version: call.version },
    ...search ? { query: search } : {},
    ...call.body === undefined ? {} : { data: call.body },
    ...options?.timeout === undefined ? {} : { timeout: options.timeout },
    headers: { 'content-type': call.contentType, ...headers(call.headers), ...options?.headers },
    success: ({ data }) => resolve(data),
    fail: ({ errMsg, tips, resultStatus, statusCode, trace, data }) => reject(
      new GatewayError(tips || errMsg || 'failed', resultStatus ?? 0, statusCode ?? 0, trace ?? '', data)),
  })
})
"""

BROWSER = """\
/** What is signed: `target` is "" or "?" and the query; `body` as it is sent. */
export interface CalledRequest {
  app: string
  operationType: string
  method: string
  target: string
  body: Uint8Array<ArrayBuffer>
}

/** Gives the headers that make a request the app's. */
export type Signer = (request: CalledRequest) => Promise<Record<string, string>>

export interface Options {
  /** the gateway's address, without /rpc */
  url: string
  app: string
  /** operations that want a signature refuse without one */
  sign?: Signer
  /** sent with every call, such as who is signed in */
  headers?: () => Record<string, string>
  /** milliseconds */
  timeout?: number
  fetch?: typeof fetch
}

const bytesOf = (call: Call): Uint8Array<ArrayBuffer> =>
  call.body === undefined ? new Uint8Array()
    : call.body instanceof Uint8Array ? new Uint8Array(call.body)
      : new TextEncoder().encode(JSON.stringify(call.body))

/** Calls by `fetch`. */
export const browserTransport = (given: Options): Transport => async (call, options) => {
  const search = query(call.query)
  const target = search ? `?${search}` : ''
  const body = bytesOf(call)
  const { app } = given
  const sent: Record<string, string> = {
    ...call.body === undefined ? {} : { 'content-type': call.contentType },
    ...headers(call.headers), ...given.headers?.(), ...options?.headers, 'x-eden-app': app,
    ...call.version === undefined ? {} : { 'x-eden-version': call.version },
    ...await given.sign?.({ app, operationType: call.operationType, method: call.method, target, body }),
  }
  const answer = await (given.fetch ?? fetch)(`${given.url.replace(/\\/+$/, '')}/rpc/${call.operationType}${target}`, {
    method: call.method,
    headers: sent,
    ...call.body === undefined ? {} : { body },
    signal: AbortSignal.timeout(options?.timeout ?? given.timeout ?? 60_000),
  })
  const code = Number(answer.headers.get('result-status') ?? 1000)
  const trace = answer.headers.get('x-eden-trace') ?? ''
  const text = await answer.text()
  let data: unknown = text
  if (/[/+]json/.test(answer.headers.get('content-type') ?? '')) {
    try {
      data = text ? JSON.parse(text) : undefined
    } catch {
      throw new GatewayError('the answer is no JSON', code, answer.status, trace, text)
    }
  }
  if (answer.ok && code === 1000) return data
  const tips = decodeURIComponent(answer.headers.get('tips') ?? '')
  throw new GatewayError(tips || `${call.operationType} answered ${answer.status}`, code, answer.status, trace, data)
}

export interface HmacSecret {
  kid: string
  /** base64 */
  secret: string
  /** for tests; the time in milliseconds and 16 to 64 letters and digits */
  now?: () => number
  nonce?: () => string
}

/** Signs by HMAC-SHA256. A secret in a web page is nobody's secret: it is for apps that keep theirs. */
export const hmacSigner = ({ kid, secret, now = Date.now, nonce = () => crypto.randomUUID() }: HmacSecret): Signer => {
  const encoded = new TextEncoder()
  const raw = Uint8Array.from(atob(secret), one => one.charCodeAt(0))
  const key = crypto.subtle.importKey('raw', raw, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  const hex = (bytes: ArrayBuffer) =>
    Array.from(new Uint8Array(bytes), one => one.toString(16).padStart(2, '0')).join('')
  return async ({ app, operationType, method, target, body }) => {
    const time = String(now())
    const once = nonce()
    const digest = hex(await crypto.subtle.digest('SHA-256', body))
    const text = encoded.encode(['EDEN1', app, operationType, method, target, time, once, digest].join('\\n'))
    const code = new Uint8Array(await crypto.subtle.sign('HMAC', await key, text))
    return {
      'x-eden-time': time,
      'x-eden-nonce': once,
      'x-eden-signature': `hmac-sha256 ${kid} ${btoa(String.fromCharCode(...code))}`,
    }
  }
}
"""
