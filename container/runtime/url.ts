/** Page addresses: "../detail/detail?id=1" seen from a page. Pure. */
import { normalize } from './loader'

export interface PageAddress {
  path: string
  query: { [key: string]: string }
}

/** Values stay as written: WeChat does not decode them for onLoad. */
export function parseQuery(text: string): { [key: string]: string } {
  const query: { [key: string]: string } = {}
  for (const part of text.split('&')) {
    if (!part) continue
    const at = part.indexOf('=')
    const key = at < 0 ? part : part.slice(0, at)
    Object.defineProperty(query, key, { value: at < 0 ? '' : part.slice(at + 1), enumerable: true, writable: true, configurable: true })
  }
  return query
}

/** Resolve against the current page's route; relative first, then from the root, as long as `exists`. */
export function resolveAddress(url: string, from: string, exists: (path: string) => boolean): PageAddress {
  const [, target = '', search = ''] = /^([^?#]*)\??([^#]*)/.exec(url.trim()) ?? []
  const bare = target.replace(/\.(?:html|wxml)$/, '')
  const relative = normalize(bare.startsWith('/') ? bare : from.slice(0, from.lastIndexOf('/') + 1) + bare)
  const rooted = normalize(bare)
  return { path: exists(relative) || !exists(rooted) ? relative : rooted, query: parseQuery(search) }
}
