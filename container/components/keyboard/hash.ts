/**
 * WeChat's `safe-password-custom-hash`: an expression as `md5(sha1('a' + sha256(password + 'b')))`. A hash's value is its
 * hexadecimal text. `salt` stands for `safe-password-salt`.
 */
import { digest as sm3 } from '../../host/rpc/national'
import { hex, join, utf8, type Bytes } from '../../host/rpc/wire'
import { md5 } from './md5'

const web = (name: string) => async (data: Bytes): Promise<Bytes> => new Uint8Array(await crypto.subtle.digest(name, data))
const HASHES: { readonly [name: string]: (data: Bytes) => Bytes | Promise<Bytes> } = {
  md5, sha1: web('SHA-1'), sha256: web('SHA-256'), sm3,
}

type Expression = (typed: Bytes, salt: Bytes) => Promise<Bytes>

/** Throws when it is no such expression. */
export function parseHash(text: string): Expression {
  const tokens = text.match(/'[^']*'|"[^"]*"|[A-Za-z0-9_]+|[()+]|\S/g) ?? []
  const take = (expected: string): void => { if (tokens.shift() !== expected) throw new Error('custom-hash cannot be read') }

  const sum = (): Expression => {
    const parts = [term()]
    while (tokens[0] === '+') {
      tokens.shift()
      parts.push(term())
    }
    if (parts.length === 1) return parts[0]!
    return async (typed, salt) => {
      const pieces = await Promise.all(parts.map((part) => part(typed, salt)))
      const joined = join(...pieces)
      for (const piece of pieces) if (piece !== typed && piece !== salt) piece.fill(0)
      return joined
    }
  }

  const term = (): Expression => {
    const token = tokens.shift() ?? ''
    if (/^['"]/.test(token) && token.length > 1) return async () => utf8(token.slice(1, -1))
    if (token === 'password') return async (typed) => typed
    if (token === 'salt') return async (_, salt) => salt
    const hash = Object.hasOwn(HASHES, token) ? HASHES[token]! : undefined
    if (!hash) throw new Error('custom-hash cannot be read')
    take('(')
    const inner = sum()
    take(')')
    return async (typed, salt) => {
      const plain = await inner(typed, salt)
      const value = await hash(plain)
      if (plain !== typed && plain !== salt) plain.fill(0)
      return utf8(hex(value))
    }
  }

  const outer = Object.hasOwn(HASHES, tokens[0] ?? '')
  const expression = sum()
  if (tokens.length || !outer) throw new Error('custom-hash cannot be read')
  return expression
}
