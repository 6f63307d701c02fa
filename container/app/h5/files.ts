/** How addresses become files of a package, and files answers: what a web server does for static files. Pure. */
import type { H5 } from './wire'

const TYPES: { readonly [extension: string]: string } = {
  html: 'text/html', htm: 'text/html', xhtml: 'application/xhtml+xml', css: 'text/css',
  js: 'text/javascript', mjs: 'text/javascript', cjs: 'text/javascript',
  json: 'application/json', map: 'application/json', webmanifest: 'application/manifest+json', xml: 'application/xml',
  txt: 'text/plain', md: 'text/plain', csv: 'text/csv', vtt: 'text/vtt', ics: 'text/calendar',
  png: 'image/png', jpg: 'image/jpeg', jpeg: 'image/jpeg', gif: 'image/gif', webp: 'image/webp', avif: 'image/avif',
  svg: 'image/svg+xml', ico: 'image/x-icon', bmp: 'image/bmp', apng: 'image/apng',
  woff: 'font/woff', woff2: 'font/woff2', ttf: 'font/ttf', otf: 'font/otf', eot: 'application/vnd.ms-fontobject',
  mp3: 'audio/mpeg', m4a: 'audio/mp4', aac: 'audio/aac', ogg: 'audio/ogg', oga: 'audio/ogg', wav: 'audio/wav',
  amr: 'audio/amr', flac: 'audio/flac', mp4: 'video/mp4', m4v: 'video/mp4', webm: 'video/webm', mov: 'video/quicktime',
  wasm: 'application/wasm', pdf: 'application/pdf', zip: 'application/zip',
}
/** of these a browser has to be told that they are UTF-8 */
const TEXTS = /^text\/|javascript$|\+xml$|\/xml$/
/** a page or sheet that names another encoding itself is not overruled; where one has to say so, as bytes */
const DECLARES = 1024

/** The type of a file by its name; old pages may be in GBK. */
export function contentType(path: string, bytes: ArrayBuffer): string {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const extension = name.includes('.') ? name.slice(name.lastIndexOf('.') + 1).toLowerCase() : ''
  const type = Object.hasOwn(TYPES, extension) ? TYPES[extension]! : 'application/octet-stream'
  if (!TEXTS.test(type)) return type
  const head = new TextDecoder('latin1').decode(bytes.slice(0, DECLARES))
  return /charset\s*=|@charset|encoding\s*=/i.test(head) ? type : `${type}; charset=utf-8`
}

/** One form for the same name: archives made on a Mac have accents as characters of their own. */
export const normal = (path: string): string => path.normalize('NFC')

/** The name in a package that an address's path asks for, without "/" before it; "" is the top folder. */
export function nameOf(pathname: string): string {
  const path = pathname.slice(1)
  try {
    return normal(decodeURIComponent(path))
  } catch {
    // a percent sign that begins nothing
    return normal(path)
  }
}

/** A last part with a dot asks for a file; without one it may be a place inside a single-page application. */
export const namesFile = (pathname: string): boolean => pathname.slice(pathname.lastIndexOf('/') + 1).includes('.')

/** Where the same thing is online, below the application's address there, whatever the path looks like. */
export const onlineAddress = ({ fallbackUrl }: H5, { pathname, search }: URL): string =>
  new URL(`.${pathname}${search}`, fallbackUrl).href

export type Range = { start: number; end: number } | 'none' | 'unsatisfiable'

/** One range of bytes (RFC 9110, 14); `end` is behind the last one. Several at once are answered whole. */
export function parseRange(header: string | null, size: number): Range {
  const found = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  if (!found || (found[1] === '' && found[2] === '')) return 'none'
  const [, from, to] = found as unknown as [string, string, string]
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from)
  const end = from === '' || to === '' ? size : Math.min(size, Number(to) + 1)
  return start >= end ? 'unsatisfiable' : { start, end }
}

/** Headers of every page on a program's origin: only the platform and the program itself may frame it. */
export const pageHeaders = (platforms: readonly string[]): { [name: string]: string } => ({
  'content-security-policy': `frame-ancestors ${['\'self\'', ...platforms].join(' ')}`,
  'origin-agent-cluster': '?1',
  'x-content-type-options': 'nosniff',
})
