import { describe, expect, it } from 'vitest'
import { sha256, sha256Plain } from './sha256'

const bytes = (length: number): ArrayBuffer => Uint8Array.from({ length }, (_, i) => (i * 31 + length) & 255).buffer

describe('SHA-256', () => {
  it('knows the vectors of FIPS 180-4', () => {
    const abc = new TextEncoder().encode('abc').buffer
    expect(sha256Plain(abc)).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
    expect(sha256Plain(new ArrayBuffer(0))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  })

  it.each([1, 54, 55, 56, 57, 63, 64, 65, 119, 120, 1000, 65_537])(
    'is that of Web Crypto for %i bytes',
    async (length) => {
      expect(sha256Plain(bytes(length))).toBe(await sha256(bytes(length)))
    },
  )
})
