import { describe, expect, it } from 'vitest'
import { CAPABILITIES } from '../capabilities'
import { CALL_SCOPES } from '../program/scopes'
import { ADDRESS_CALLS, guardPolicies, mayReach, programPolicy } from './policy'

describe('mayReach', () => {
  const domains = {
    request: [
      'https://api.example.com',
      'plain.example.com',
      'https://*.wild.example.com',
      'https://port.example.com:8443',
      'http://old.example.com',
    ],
    socket: ['wss://ws.example.com', 'bare.example.com'],
  }

  it.each([
    'https://api.example.com/',
    'https://api.example.com:443/x?y',
    'HTTPS://API.EXAMPLE.COM/',
    'https://plain.example.com/',
    'https://a.wild.example.com/',
    'https://a.b.wild.example.com/',
    'https://port.example.com:8443/',
    'http://old.example.com/',
  ])('allows %s', (url) => {
    expect(mayReach(url, 'request', domains, 'listed')).toBe(true)
  })

  it.each([
    'http://api.example.com/',
    'https://api.example.com:444/',
    'https://api.example.com.evil.test/',
    'https://evilapi.example.com/',
    'https://api.example.com@evil.test/',
    'https://me:word@api.example.com/',
    'https://wild.example.com/',
    'https://evilwild.example.com/',
    'https://port.example.com/',
    'https://evil.test/https://api.example.com',
    'wss://ws.example.com/',
    'file:///etc/passwd',
    '/x',
    '',
    'x',
    'javascript:alert(1)',
    'data:,x',
    'blob:https://api.example.com/x',
    'https://api.example.com\\@evil.test/'.replace('api.example.com\\', 'evil.test\\'),
  ])('refuses %s', (url) => {
    expect(mayReach(url, 'request', domains, 'listed')).toBe(false)
  })

  it('keeps sockets apart', () => {
    expect(mayReach('wss://ws.example.com/a', 'socket', domains, 'listed')).toBe(true)
    expect(mayReach('wss://bare.example.com/', 'socket', domains, 'listed')).toBe(true)
    expect(mayReach('ws://ws.example.com/', 'socket', domains, 'listed')).toBe(false)
    expect(mayReach('https://ws.example.com/', 'socket', domains, 'listed')).toBe(false)
    expect(mayReach('https://api.example.com/', 'upload', domains, 'listed')).toBe(false)
  })

  it('allows nothing without a list, and every address of a kind under "any"', () => {
    expect(mayReach('https://a.b/', 'request', null, 'listed')).toBe(false)
    expect(mayReach('http://127.0.0.1:1/', 'request', null, 'any')).toBe(true)
    expect(mayReach('file:///x', 'request', null, 'any')).toBe(false)
    expect(mayReach('https://a.b/', 'socket', null, 'any')).toBe(false)
  })
})

describe('policies', () => {
  it('names listed domains only, and never lets a text end the directive', () => {
    const policy = programPolicy(
      {
        request: ['https://a.b', 'wss://w.b'],
        media: ['c.d:8443', 'https://e.f; script-src *', '*', "'self'", 'https://*.g.h'],
      },
      'listed',
    )
    expect(policy).toBe(
      ['img-src', 'font-src', 'media-src']
        .map((one) => `${one} blob: data: https://a.b https://c.d:8443 https://*.g.h`)
        .join('; '),
    )
    expect(programPolicy(null, 'listed')).toContain('img-src blob: data:;')
    expect(programPolicy(null, 'any')).toBeUndefined()
  })

  it('gives no connection in either mode', () => {
    for (const mode of ['listed', 'any'] as const) {
      const [first, second] = guardPolicies('abc', mode)
      expect(first).toContain("default-src 'none'")
      expect(first).toContain("connect-src 'none'")
      expect(first).toContain("frame-src 'none'")
      expect(first).not.toContain("script-src 'unsafe-inline'")
      expect(second).not.toContain('nonce')
      expect(first!.includes('http:')).toBe(mode === 'any')
    }
  })
})

describe('tables of calls', () => {
  it('name calls that exist', () => {
    for (const name of [...Object.keys(ADDRESS_CALLS), ...Object.keys(CALL_SCOPES)])
      expect(Object.keys(CAPABILITIES)).toContain(name)
  })
})
