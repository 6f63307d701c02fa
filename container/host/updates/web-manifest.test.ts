import { describe, expect, it } from 'vitest'
import { parseManifest } from '../package/manifest'
import type { TargetInfo } from '../trust'
import { readState } from './permitted'
import { WEB_PACKAGE, webManifest } from './web-manifest'

const h5 = { virtual_host: 'shop.h5.example', fallback_url: 'https://shop.example/' }
const info = { length: 1234, hashes: { sha256: 'ab'.repeat(32) } } as unknown as TargetInfo
const state = (more: object = {}) => readState({ eden: { state: 'stable', version: '1.2.0', code: 10200, container: 1, h5, ...more } })!

describe('the manifest of a web application', () => {
  it('is one that the phone reads, with what was signed', () => {
    const manifest = parseManifest(webManifest('shop', info, state()))
    expect(manifest).toMatchObject({
      appId: 'shop', version: { name: '1.2.0', code: 10200 }, json: { h5 },
      packages: [{ name: 'main', file: WEB_PACKAGE, size: 1234, sha256: 'ab'.repeat(32), files: [] }],
    })
  })

  it('has the same bytes for the same version, and others for another', () => {
    const bytes = (...given: Parameters<typeof webManifest>) => new TextDecoder().decode(webManifest(...given))
    expect(bytes('shop', info, state())).toBe(bytes('shop', info, state()))
    expect(bytes('shop', info, state({ code: 10300 }))).not.toBe(bytes('shop', info, state()))
  })

  it('is refused for a container that the phone is not, a size beyond bounds, or a hash that is none', () => {
    expect(() => parseManifest(webManifest('shop', info, state({ container: 99 })))).toThrow('needs platform version 99')
    expect(() => parseManifest(webManifest('shop', { ...info, length: 1e12 }, state()))).toThrow('too large')
    expect(() => parseManifest(webManifest('shop', { ...info, hashes: { sha256: 'x' } }, state()))).toThrow('SHA-256')
  })
})
