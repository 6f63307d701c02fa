import { describe, expect, it } from 'vitest'
import shared from '../../../tests/gateway/wire.json'
import { hmac, seal } from './hpke'
import * as national from './national'
import { hex, isOperationType, isOwnHeader, same, sentTarget, textOfAnswer, textToSign, unbase64, utf8, type Bytes } from './wire'

interface Signing {
  app: string; operation: string; method: string; target: string; body: string; time: number; nonce: string
  algorithm: 'hmac-sha256' | 'hmac-sm3'; text: string; signature: string
  trace: string; status: number; answer_text: string; answer_signature: string
}

/** The server's tests read the same file. */
const vectors = shared as unknown as {
  secret: string; signing: Signing[]
}
const secret = unbase64(vectors.secret)!
const text = (bytes: Bytes) => new TextDecoder().decode(bytes)

describe.each(vectors.signing)('$algorithm of $method $operation', (one) => {
  const body = unbase64(one.body)!
  const sign = (message: Bytes) => one.algorithm === 'hmac-sm3' ? national.hmac(secret, message) : hmac(secret, message)

  it('signs what the server reads', async () => {
    const digest = hex(one.algorithm === 'hmac-sm3' ? national.digest(body) : new Uint8Array(await crypto.subtle.digest('SHA-256', body)))
    const toSign = textToSign({ ...one, operationType: one.operation, digest })
    expect(text(toSign)).toBe(one.text)
    expect(same(await sign(toSign), unbase64(one.signature)!)).toBe(true)
    const ofAnswer = textOfAnswer(one.trace, one.status, one.nonce, digest)
    expect(text(ofAnswer)).toBe(one.answer_text)
    expect(same(await sign(ofAnswer), unbase64(one.answer_signature)!)).toBe(true)
  })
})

it('compares whole texts', () => {
  expect(same(utf8('abc'), utf8('abc'))).toBe(true)
  for (const other of ['abd', 'ab', 'abcd', '']) expect(same(utf8('abc'), utf8(other))).toBe(false)
})

it('encrypts by SM4 as RFC 8998, A.1 does, and refuses what was changed', () => {
  const bytes = (digits: string) => Uint8Array.from(digits.match(/../g)!, (pair) => parseInt(pair, 16))
  const plain = bytes('aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccddddddddddddddddeeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa')
  const key = bytes('0123456789abcdeffedcba9876543210')
  const iv = bytes('00001234567800000000abcd')
  const bound = bytes('feedfacedeadbeeffeedfacedeadbeefabaddad2')
  const sealed = national.sealSm4(key, iv, plain, bound)
  expect(hex(sealed)).toBe(
    '17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d'
    + '83de3541e4c2b58177e065a9bf7b62ec',
  )
  expect(hex(national.openSm4(key, iv, sealed, bound))).toBe(hex(plain))
  expect(() => national.openSm4(key, iv, sealed, utf8('elsewhere'))).toThrow()
  sealed[3]! ^= 1
  expect(() => national.openSm4(key, iv, sealed, bound)).toThrow()
  expect(() => national.openSm4(key, iv, sealed.slice(0, 5), bound)).toThrow('too short')
})

it('refuses keys of another length', async () => {
  await expect(seal('X25519', new Uint8Array(31), utf8(''), utf8('x'))).rejects.toThrow('32 bytes')
})

it('knows names of operations, and headers that are not the program\'s', () => {
  expect(['eden.bank.account.get', 'a', '_x-1'].every(isOperationType)).toBe(true)
  expect(['', '.a', 'a/b', 'a b', 'é', `a${'b'.repeat(128)}`].some(isOperationType)).toBe(false)
  expect(['X-Eden-App', 'Sign', 'cookie', 'Sec-Fetch', 'operation-type'].every(isOwnHeader)).toBe(true)
  expect(['Authorization', 'x-trace'].some(isOwnHeader)).toBe(false)
})

describe('what is sent behind the path', () => {
  it('is what the browser makes of it', () => {
    const sent = (target: string) => sentTarget(new URL(`https://shop.example/rpc/a.b${target}`))
    expect(sent('')).toBe('')
    expect(sent('?')).toBe('?')
    expect(sent('?a=1&b=%2F')).toBe('?a=1&b=%2F')
    expect(sent(`?q=it's`)).toBe('?q=it%27s')
    expect(sent('?q= "<>`{}|^\\[]~!*()ä钱')).toBe('?q=%20%22%3C%3E`{}|^\\[]~!*()%C3%A4%E9%92%B1')
    expect(sent('?q=1#a?b')).toBe('?q=1')
    expect(sent('#a?b')).toBe('')
  })
})
