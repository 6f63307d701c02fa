/**
 * Content Security Policies of a frame, and which addresses a program may reach.
 *
 * Three layers, each only able to take away: the guard's policy, inherited by the program's frame inside it; the
 * guard's `frame-src 'none'`, which keeps the program's frame from navigating itself to a page with a network; the
 * program's own policy, added before its code runs, which narrows media to its listed domains.
 */
import type { DomainKind, Domains, Manifest } from '../package/manifest'

/** `any`: development, every address; `listed`: only what the manifest lists. */
export type DomainPolicy = 'listed' | 'any'

const MEDIA = ['img-src', 'font-src', 'media-src'] as const

/**
 * Two policies, of which both must agree. Scripts need the nonce of the first, so that frames which program code may
 * build (`<iframe srcdoc>`) inherit a policy under which they run nothing; program code itself comes in through eval.
 * A script with a nonce may import() from anywhere; the second policy has no nonce and no source, and so forbids it.
 */
export function guardPolicies(nonce: string, policy: DomainPolicy): string[] {
  const remote = policy === 'any' ? 'https: http:' : 'https:'
  const first = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}' 'unsafe-eval'`,
    "style-src 'unsafe-inline'",
    ...MEDIA.map((directive) => `${directive} blob: data: ${remote}`),
    "connect-src 'none'",
    'worker-src blob:',
    "frame-src 'none'",
    "form-action 'none'",
    "base-uri 'none'",
  ]
  return [first.join('; '), "script-src 'unsafe-inline' 'unsafe-eval'; worker-src blob:"]
}

/** The second policy, for one program; undefined when there is nothing to narrow. */
export function programPolicy(domains: Domains | null, policy: DomainPolicy): string | undefined {
  if (policy === 'any') return undefined
  const listed = new Set(Object.values(domains ?? {}).flat().map(source).filter((one) => one !== undefined))
  return MEDIA.map((directive) => `${directive} ${['blob:', 'data:', ...listed].join(' ')}`).join('; ')
}

/** A listed domain as a CSP source; undefined if it is none. Domains may be written without scheme. */
function source(domain: string): string | undefined {
  const match = /^(?:(https|wss):\/\/)?((?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*)(:\d{1,5})?\/?$/i.exec(domain)
  return match && match[1]?.toLowerCase() !== 'wss' ? `https://${match[2]}${match[3] ?? ''}` : undefined
}

/** Calls that take an address, and the list it must be in. */
export const ADDRESS_CALLS: { readonly [name: string]: DomainKind } = {
  request: 'request',
  uploadFile: 'upload',
  downloadFile: 'download',
  socketConnect: 'socket',
  saveImageToPhotosAlbum: 'download',
  saveVideoToPhotosAlbum: 'download',
}
/** Of these, calls that may bring bytes instead. */
export const ADDRESS_OR_DATA: readonly string[] = ['saveImageToPhotosAlbum', 'saveVideoToPhotosAlbum']

/**
 * May this program reach `url`? Scheme, host and port must equal a listed domain's ("https://a.b", "a.b",
 * "wss://a.b:8443"); "*." in front allows every subdomain. Without a list nothing is allowed.
 */
export function mayReach(url: string, kind: DomainKind, domains: Domains | null, policy: DomainPolicy): boolean {
  let address: URL
  try {
    address = new URL(url)
  } catch {
    return false
  }
  const schemes = kind === 'socket' ? ['wss:', 'ws:'] : ['https:', 'http:']
  if (!schemes.includes(address.protocol) || address.username !== '' || address.password !== '') return false
  if (policy === 'any') return true
  return (domains?.[kind] ?? []).some((domain) => matches(address, domain, schemes[0]!))
}

function matches(address: URL, domain: string, secure: string): boolean {
  const text = domain.includes('://') ? domain : `${secure}//${domain}`
  const wildcard = text.includes('://*.')
  try {
    const listed = new URL(wildcard ? text.replace('://*.', '://') : text)
    const host = wildcard ? address.hostname.endsWith(`.${listed.hostname}`) : address.hostname === listed.hostname
    return host && address.protocol === listed.protocol && address.port === listed.port
  } catch {
    return false
  }
}

/** What capabilities see: null when every domain is allowed. */
export const reachableDomains = (manifest: Manifest, policy: DomainPolicy): Domains | null =>
  policy === 'any' ? null : manifest.domains ?? {}
