/** Pages with their query, as mini programs write them ("pages/a/a?x=1&y=%20"). Values stay encoded, as on WeChat. */
export interface PageAddress {
  path: string
  query: { [key: string]: string }
}

/** Path and query of an address; `query` is added to it. */
export function parseAddress(address: string, query: { [key: string]: string } = {}): PageAddress {
  const mark = address.indexOf('?')
  const path = (mark < 0 ? address : address.slice(0, mark)).replace(/^\//, '')
  const parts = mark < 0 ? [] : address.slice(mark + 1).split('&').filter(Boolean)
  const pairs = parts.map((part): [string, string] => {
    const at = part.indexOf('=')
    return at < 0 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)]
  })
  return { path, query: { ...Object.fromEntries(pairs), ...query } }
}

export const formatAddress = ({ path, query }: PageAddress): string => {
  const pairs = Object.entries(query).map(([name, value]) => `${name}=${value}`)
  return `/${path}${pairs.length ? `?${pairs.join('&')}` : ''}`
}
