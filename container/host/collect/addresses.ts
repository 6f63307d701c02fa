/** Addresses of requests as patterns: what is one of many is named `{id}`, so that figures of one function come together. */

export const MAX_PATTERN = 200
const MAX_SEGMENTS = 12

const isId = (segment: string): boolean =>
  segment.length > 20 || /^\d+$/.test(segment) || /^[0-9a-f]{8,}$/i.test(segment) && /\d/.test(segment)
  || /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(segment)

/** `https://API/users/17/orders?q=1` → host and `/users/{id}/orders`; no query, no user, no fragment. */
export function addressPattern(url: string): { host: string; pattern: string } {
  try {
    const { host, pathname } = new URL(url)
    const segments = pathname.split('/').slice(0, MAX_SEGMENTS)
    return { host, pattern: segments.map((segment) => (isId(segment) ? '{id}' : segment)).join('/').slice(0, MAX_PATTERN) }
  } catch {
    return { host: '', pattern: '' }
  }
}
