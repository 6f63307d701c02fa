/** How wx.request turns its options into an HTTP request, and an answer into its result. Pure. */

export interface EncodedRequest {
  url: string
  method: string
  /** names as the program wrote them, values as text */
  header: { [name: string]: string }
  body: string | ArrayBuffer | undefined
}

const METHODS = new Set(['OPTIONS', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'TRACE', 'CONNECT', 'PATCH'])

export const isMethod = (method: string): boolean => METHODS.has(method)

const isObject = (value: unknown): value is { [key: string]: unknown } => typeof value === 'object' && value !== null

const component = (value: unknown): string =>
  encodeURIComponent(typeof value === 'object' ? JSON.stringify(value) : String(value))

/** `{a: 1, b: {c: 2}}` → `a=1&b=%7B%22c%22%3A2%7D`: nested values as JSON, undefined as the word. */
export const formEncode = (data: { [key: string]: unknown }): string =>
  Object.keys(data).map((key) => `${encodeURIComponent(key)}=${component(data[key])}`).join('&')

/** Data of a GET request goes into the query; a field replaces a parameter of the same name. */
export function addQuery(url: string, data: unknown): string {
  const extra = isObject(data) ? formEncode(data) : typeof data === 'string' ? data : ''
  if (!extra) return url
  const hash = url.indexOf('#')
  const [base, fragment] = hash < 0 ? [url, ''] : [url.slice(0, hash), url.slice(hash)]
  const mark = base.indexOf('?')
  if (mark < 0) return `${base}?${extra}${fragment}`
  const replaced = new Set(isObject(data) ? Object.keys(data).map(encodeURIComponent) : [])
  const kept = base.slice(mark + 1).split('&').filter((pair) => pair && !replaced.has(pair.split('=')[0]!))
  return `${base.slice(0, mark)}?${[...kept, extra].join('&')}${fragment}`
}

export const headerValue = (header: { [name: string]: string }, name: string): string | undefined => {
  const key = Object.keys(header).find((one) => one.toLowerCase() === name)
  return key === undefined ? undefined : header[key]
}

/** Header values as text; WeChat sets Referer itself and drops the program's. */
export function encodeHeader(header: unknown): { [name: string]: string } {
  const result: { [name: string]: string } = {}
  if (!isObject(header)) return result
  for (const [name, value] of Object.entries(header)) {
    if (value !== undefined && value !== null && name.toLowerCase() !== 'referer') result[name] = String(value)
  }
  return result
}

/**
 * The rules of wx.request: text and ArrayBuffer as they are; with GET and HEAD into the query; with
 * `application/x-www-form-urlencoded` as a form; everything else as JSON, whose type is also the default.
 */
export function encodeRequest(options: {
  url: string
  method?: string
  header?: unknown
  data?: unknown
}): EncodedRequest {
  const method = (options.method ?? 'GET').toUpperCase()
  const header = encodeHeader(options.header)
  if (headerValue(header, 'content-type') === undefined) header['content-type'] = 'application/json'
  const { data } = options
  const inQuery = method === 'GET' || method === 'HEAD'
  const url = inQuery ? addQuery(options.url, data instanceof ArrayBuffer ? undefined : data) : options.url
  return { url, method, header, body: inQuery ? undefined : encodeBody(data, headerValue(header, 'content-type')!) }
}

function encodeBody(data: unknown, type: string): string | ArrayBuffer | undefined {
  if (data === undefined || data === null) return undefined
  if (typeof data === 'string' || data instanceof ArrayBuffer) return data
  if (ArrayBuffer.isView(data))
    return data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) as ArrayBuffer
  if (isObject(data) && /^\s*application\/x-www-form-urlencoded/i.test(type)) return formEncode(data)
  return JSON.stringify(data)
}

/** JSON when it is asked for (the default) and is JSON, else the text. */
export function decodeData(data: unknown, dataType: string | undefined, responseType: string | undefined): unknown {
  if (responseType === 'arraybuffer' || typeof data !== 'string' || (dataType ?? 'json') !== 'json') return data
  try {
    return JSON.parse(data)
  } catch {
    return data
  }
}

/** An absolute address of one of these schemes. */
export function isAddress(url: string, schemes: readonly string[]): boolean {
  try {
    return schemes.includes(new URL(url).protocol.slice(0, -1))
  } catch {
    return false
  }
}

/**
 * Answer headers that can also be read by their lower-case names: servers differ, and programs were written against
 * one. The second names are not enumerable.
 */
export function anyCase(header: { [name: string]: string } = {}): { [name: string]: string } {
  const result = { ...header }
  for (const [name, value] of Object.entries(header)) {
    const lower = name.toLowerCase()
    if (!Object.hasOwn(result, lower))
      Object.defineProperty(result, lower, { value, configurable: true, writable: true })
  }
  return result
}
