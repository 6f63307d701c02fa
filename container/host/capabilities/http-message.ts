/** HTTP as browsers and the proxy of `Services.proxy` see it. Pure, but for `fetch`'s own types. */
import type { Program, Services } from './types'

/** Request headers that a browser does not let a page set; a proxy takes them under another name. */
const FORBIDDEN_NAMES = new Set(
  (
    'accept-charset accept-encoding connection content-length cookie date dnt expect host keep-alive origin referer ' +
    'set-cookie te trailer transfer-encoding upgrade user-agent via'
  ).split(' '),
)
const isForbidden = (name: string): boolean =>
  FORBIDDEN_NAMES.has(name.toLowerCase()) || /^(proxy-|sec-|access-control-)/i.test(name)

export const PROXY_HEADER = 'x-eden-header-'
export const PROXY_COOKIES = 'x-eden-set-cookie'
/** The proxy reached no server: the answer is its own. */
export const PROXY_FAILURE = 'x-eden-unreachable'

export interface Target {
  url: string
  headers: Headers
}

/** Where a program's request really goes, and with which headers. */
export function target(url: string, header: [string, string][], program: Program, services: Services): Target {
  const headers = new Headers()
  for (const [name, value] of header) {
    if (!isToken(name) || /[\r\n\0]/.test(value)) continue
    if (isForbidden(name)) {
      if (services.proxy) headers.append(PROXY_HEADER + name.toLowerCase(), encodeValue(value))
    } else headers.append(name, encodeValue(value))
  }
  if (!services.proxy) return { url, headers }
  headers.set(`${PROXY_HEADER}referer`, referer(program))
  return { url: services.proxy + encodeURIComponent(url), headers }
}

/** The Referer that WeChat sends, by which servers know the program. */
const referer = (program: Program): string => {
  const version = program.manifest.version as { code?: number } | undefined
  return `https://servicewechat.com/${encodeURIComponent(program.appId)}/${version?.code ?? 0}/page-frame.html`
}

const isToken = (name: string): boolean => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)

/** Header values are bytes; text beyond Latin-1 goes as UTF-8. */
const encodeValue = (value: string): string =>
  /^[\x00-\xff]*$/.test(value) ? value : String.fromCharCode(...new TextEncoder().encode(value))

/** `content-type` → `Content-Type`: the form that most servers send and most programs look for. */
export const headerName = (name: string): string =>
  name.replace(/(^|-)([a-z])/g, (_, dash, letter) => dash + letter.toUpperCase())

/** Headers and cookies of an answer, as wx.request gives them. */
export function answerHeaders(headers: Headers): { header: { [name: string]: string }; cookies: string[] } {
  const header: { [name: string]: string } = {}
  headers.forEach((value, name) => {
    if (name !== PROXY_COOKIES) header[headerName(name)] = value
  })
  const cookies = parseCookies(headers.get(PROXY_COOKIES))
  if (cookies.length > 0) header['Set-Cookie'] = cookies.join(',')
  return { header, cookies }
}

function parseCookies(text: string | null): string[] {
  if (!text) return []
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : []
  } catch {
    return []
  }
}
