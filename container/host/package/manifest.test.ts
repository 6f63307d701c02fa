import { describe, expect, it } from 'vitest'
import { startPackages } from '../program/session'
import { parseManifest } from './manifest'

const HASH = 'a'.repeat(64)
const main = {
  name: 'main',
  root: '',
  independent: false,
  file: 'main.zip',
  size: 1,
  sha256: HASH,
  files: [{ path: 'code/config.json', size: 2, sha256: HASH }],
}
const good = {
  format: 1,
  app_id: 'wx1',
  name: 'Bank',
  description: '',
  version: { name: '1.2.0', code: 10200 },
  platform_version: { min_code: 1 },
  pages: ['pages/a/a'],
  window: {},
  color_scheme: 'light',
  req_permissions: [{ name: 'scope.userLocation', reason: 'near you' }],
  domains: { request: ['https://a.b'] },
  packages: [
    main,
    { ...main, name: 'own', root: 'own', independent: true, file: 'own.zip' },
    { ...main, name: 'sub', root: 'sub/deep', file: 'sub-deep.zip' },
  ],
}
const parse = (value: unknown) => parseManifest(new TextEncoder().encode(JSON.stringify(value)).buffer)

describe('parseManifest', () => {
  it('reads the fields of docs/package-format.md', () => {
    const manifest = parse(good)
    expect(manifest).toMatchObject({
      appId: 'wx1', name: 'Bank', version: { name: '1.2.0', code: 10200 }, domains: { request: ['https://a.b'] },
      permissions: [{ name: 'scope.userLocation', reason: 'near you' }],
    })
    expect(manifest.packages.map(({ file }) => file)).toEqual(['main.zip', 'own.zip', 'sub-deep.zip'])
    expect(manifest.json).toEqual(good)
    expect(parse({ ...good, domains: null }).domains).toBeNull()
    expect(manifest.operations).toBeNull()
    expect(parse({ ...good, operations: ['a.b.*'] }).operations).toEqual(['a.b.*'])
  })

  it.each([
    ['format', { format: 2 }, 'has format 2'],
    ['container', { platform_version: { min_code: 2 } }, 'needs platform version 2'],
    ['id', { app_id: '' }, 'app_id must be a text'],
    ['pages', { pages: 'a' }, 'pages must be a list'],
    ['version', { version: { name: '1', code: -1 } }, 'version.code must be a whole number'],
    ['no packages', { packages: [] }, 'packages must begin with main'],
    ['packages twice', { packages: [main, main] }, 'packages has a name twice'],
    ['archive elsewhere', { packages: [{ ...main, file: '../main.zip' }] }, 'packages[0].file must be a file name'],
    [
      'archive on another server',
      { packages: [{ ...main, file: 'https://x/main.zip' }] },
      'packages[0].file must be a file name',
    ],
    ['hash', { packages: [{ ...main, sha256: HASH.toUpperCase() }] }, 'packages[0].sha256 must be a SHA-256'],
    ['size', { packages: [{ ...main, size: 1.5 }] }, 'packages[0].size must be a whole number'],
    [
      'file path',
      { packages: [{ ...main, files: [{ path: '/etc', size: 1, sha256: HASH }] }] },
      'packages[0].files[0].path must be relative',
    ],
    [
      'file twice',
      { packages: [{ ...main, files: [...main.files, ...main.files] }] },
      'packages[0].files has a path twice',
    ],
    ['domains', { domains: { request: 'x' } }, 'domains.request must be a list'],
    ['operations', { operations: 'a.b.c' }, 'operations must be a list'],
  ])('refuses a bad %s', (_, change, message) => {
    expect(() => parse({ ...good, ...change })).toThrow(message)
  })

  it('refuses what is no object', () => {
    for (const value of [null, 1, 'x', []]) expect(() => parse(value)).toThrow('must be an object')
    expect(() => parseManifest(new TextEncoder().encode('{').buffer)).toThrow('is not JSON')
    expect(() => parseManifest(Uint8Array.of(0xff).buffer)).toThrow('is not JSON')
    // Fields of Object's prototype are no fields of the manifest.
    expect(() => parse({ ...good, app_id: undefined, __proto__: { app_id: 'x' } })).toThrow('app_id must be a text')
  })
})

describe('startPackages', () => {
  const names = (path: string): string[] => startPackages(parse(good), path).map(({ name }) => name)

  it('takes main, the subpackage of the page, or an independent one alone', () => {
    expect(names('')).toEqual(['main'])
    expect(names('pages/a/a')).toEqual(['main'])
    expect(names('sub/deep/a')).toEqual(['main', 'sub'])
    expect(names('/sub/deep/a')).toEqual(['main', 'sub'])
    expect(names('sub/deeper/a')).toEqual(['main'])
    expect(names('own/a')).toEqual(['own'])
  })
})
