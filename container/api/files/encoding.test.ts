import { describe, expect, it } from 'vitest'
import { decode, encode } from './encoding'
import { md5, sha1 } from './digest'

const ENCODINGS: [string, string][] = [
  ['utf8', 'Hi!z'], ['utf-8', 'Hi!z'], ['ascii', 'Hi!z'], ['latin1', 'Hi!z'], ['binary', 'Hi!z'],
  ['ucs2', '\u6948\u7a21'], ['ucs-2', '\u6948\u7a21'], ['utf16le', '\u6948\u7a21'], ['utf-16le', '\u6948\u7a21'],
  ['base64', 'SGkheg=='], ['hex', '4869217a'],
]

describe('encodings', () => {
  // "Hi!z" in each, as Node.js writes it
  it.each(ENCODINGS)('%s as %s', (name, text) => {
    const bytes = [0x48, 0x69, 0x21, 0x7a]
    expect(decode(Uint8Array.from(bytes), name)).toBe(text)
    expect([...encode(text, name)]).toEqual(bytes)
  })

  it('takes text beyond Latin', () => {
    expect(decode(encode('中文 😀', 'utf8'), 'utf8')).toBe('中文 😀')
    expect(decode(encode('中文 😀', 'utf16le'), 'ucs2')).toBe('中文 😀')
  })

  it('copies binary data', () => {
    const source = new Uint8Array([1, 2, 3])
    const copy = encode(source.buffer)
    source[0] = 9
    expect([...copy]).toEqual([1, 2, 3])
    expect([...encode(source.subarray(1))]).toEqual([2, 3])
  })

  it('refuses what it does not know', () => {
    expect(() => encode('x', 'utf7')).toThrow('invalid encoding "utf7"')
    expect(() => encode('x', 'constructor')).toThrow('invalid encoding')
    expect(() => encode({}, 'utf8')).toThrow('invalid data type')
    expect(() => encode('%%%', 'base64')).toThrow('base64 encode error')
  })
})

describe('digests', () => {
  // Bytes (131 i) mod 256; expected values from Python's hashlib.
  it.each([
    [0, 'd41d8cd98f00b204e9800998ecf8427e', 'da39a3ee5e6b4b0d3255bfef95601890afd80709'],
    [1, '93b885adfe0da089cdf634904fd59f71', '5ba93c9db0cff93f52b521d7420e43f6eda2784f'],
    [55, '94547360afd92a27850d16e32d14c445', '336243d03df910f7914a14b13dd85f56c140660c'],
    [56, 'd8b26c30e907ae405b581a02e8a976e1', 'f5cc93d5593579203ae8f3fc497baabf4fdfb417'],
    [57, '1f4f895665598d0b5d19cb3bffa6f1f0', 'bc9f10ff1dadbb642d1faca8d4a84f4aafcc772e'],
    [63, '95ed95025fc61e86816e873b2a15614b', 'dba1c0f21c62eea4b5d19857487ded0db6095343'],
    [64, '543faeacda37eef7bf1d36b5b1e602c3', '4360095a2eea45a13a83190aeb049821aee57f46'],
    [65, '30b3b7bb110de0c3f8f5054f841bf029', 'c0cfbc1b7f847964bf5e51ded17c7d0e2c0f4555'],
    [119, 'a1fc4519133b6959881028777aaff6de', '99d71c308a6c094af624067e6db56482f887356f'],
    [120, '623f79487b76e08ebe9095aaf747d779', '7b28fac5d8b376e2adc48146a698aea886e48f83'],
    [1000, 'd66bd5652a2b9d7aeef1e42a642fdda6', '2b17933db7d0d704dffa93b5a37d063e1eef3b84'],
  ])('of %d bytes', (length, m, s) => {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 131) & 0xff)
    expect([md5(bytes), sha1(bytes)]).toEqual([m, s])
  })
})
