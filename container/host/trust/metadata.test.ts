import { describe, expect, it } from 'vitest'
import { parseRoot, parseSnapshot, parseTargets, parseTimestamp } from './metadata'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const json = (signed: object, more: object = {}): string => JSON.stringify({ signatures: [], signed, ...more })
const file = (signed: object, more: object = {}): Uint8Array => text(json(signed, more))

const common = (_type: string) => ({ _type, spec_version: '1.0.31', version: 3, expires: '2026-12-25T12:00:00Z' })
const role = { keyids: ['k'], threshold: 1 }
const root = {
  ...common('root'),
  consistent_snapshot: true,
  keys: { k: { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: 'ab' } } },
  roles: { root: role, timestamp: role, snapshot: role, targets: role },
}
const timestamp = { ...common('timestamp'), meta: { 'snapshot.json': { version: 1 } } }
const hashes = { sha256: 'ab' }
const snapshot = { ...common('snapshot'), meta: { 'targets.json': { version: 1, length: 5, hashes } } }
const targets = { ...common('targets'), targets: { a: { length: 1, hashes } } }
const delegated = { name: 'a', keyids: ['k'], threshold: 1, terminating: false, paths: ['*'] }
const delegations = { keys: root.keys, roles: [delegated] }
const succinct = { keyids: ['k'], threshold: 1, bit_length: 8, name_prefix: 'bin' }

const PARSERS = { root: parseRoot, timestamp: parseTimestamp, snapshot: parseSnapshot, targets: parseTargets }
type Signed = { _type: string; [field: string]: unknown }
const parse = ({ _type, ...signed }: Signed, more?: object) =>
  PARSERS[_type as keyof typeof PARSERS](file({ _type, ...signed }, more), 'x.json')

describe('metadata in the right form', () => {
  it('root', () => {
    const { signed } = parseRoot(file(root), 'root.json')
    expect(signed).toMatchObject({ version: 3, expires: Date.UTC(2026, 11, 25, 12), consistentSnapshot: true })
    expect(signed.keys.get('k')).toEqual({ keytype: 'ed25519', scheme: 'ed25519', public: 'ab' })
    expect(signed.roles.snapshot).toEqual(role)
  })

  it('timestamp and snapshot', () => {
    expect(parseTimestamp(file(timestamp), 't').signed.snapshot).toEqual({ version: 1 })
    const { meta } = parseSnapshot(file(snapshot), 's').signed
    expect(meta.get('targets.json')).toEqual({ version: 1, length: 5, hashes: { sha256: 'ab' } })
    expect(meta.get('constructor')).toBeUndefined()
  })

  it('targets', () => {
    const { signed } = parseTargets(file({ ...targets, delegations }), 't')
    expect(signed.targets.get('a')).toEqual({ length: 1, hashes: { sha256: 'ab' }, custom: undefined })
    expect(signed.delegations!.roles).toMatchObject([{ name: 'a', paths: ['*'], hashPrefixes: [] }])
    expect(signed.delegations!.succinct).toBeUndefined()
    const binned = parseTargets(file({ ...targets, delegations: { keys: {}, succinct_roles: succinct } }), 't').signed
    expect(binned.delegations)
      .toMatchObject({ roles: [], succinct: { bitLength: 8, prefix: 'bin', threshold: 1 } })
  })

  it('with fields that are not known, which stay in what is signed', () => {
    const parsed = parseTimestamp(file({ ...timestamp, later: { b: 1, a: 2 } }, { outer: 1 }), 't')
    expect(new TextDecoder().decode(parsed.message)).toBe(
      '{"_type":"timestamp","expires":"2026-12-25T12:00:00Z","later":{"a":2,"b":1},'
        + '"meta":{"snapshot.json":{"version":1}},"spec_version":"1.0.31","version":3}',
    )
  })

  it('has its prototypes from nobody', () => {
    const bytes = text(json(timestamp).replace('"version":3', '"__proto__":{"version":3}'))
    expect(() => parseTimestamp(bytes, 't')).toThrow('t: signed.version must be a whole number')
    const unusual = text(json(targets).replace('{"sha256":"ab"}', '{"__proto__":"ab"}'))
    const parsed = parseTargets(unusual, 't').signed.targets.get('a')!.hashes
    expect(Object.hasOwn(parsed, 'sha256')).toBe(false)
    expect('toString' in parsed).toBe(false)
    Object.defineProperty(Object.prototype, 'consistent_snapshot', { value: true, configurable: true })
    const { consistent_snapshot: _, ...without } = root
    const { consistentSnapshot } = parseRoot(file(without), 'root.json').signed
    Reflect.deleteProperty(Object.prototype, 'consistent_snapshot')
    expect(consistentSnapshot).toBe(false)
  })

  it('hash prefixes in any case', () => {
    const { paths: _, ...rest } = delegated
    const roles = [{ ...rest, path_hash_prefixes: ['0A', 'b'] }]
    const parsed = parseTargets(file({ ...targets, delegations: { ...delegations, roles } }), 't')
    expect(parsed.signed.delegations!.roles[0]).toMatchObject({ paths: [], hashPrefixes: ['0a', 'b'] })
  })
})

describe('metadata in the wrong form', () => {
  const delegating = (value: object): Signed => ({ ...targets, delegations: value })
  const cases: [string, Signed, object?][] = [
    ['no version', { ...root, version: undefined }], ['version 0', { ...root, version: 0 }],
    ['version 1.5', { ...root, version: 1.5 }], ['a version as text', { ...root, version: '3' }],
    ['no roles', { ...root, roles: {} }],
    ['a role less', { ...root, roles: { ...root.roles, snapshot: undefined } }],
    ['a threshold of 0', { ...root, roles: { ...root.roles, root: { ...role, threshold: 0 } } }],
    ['a key twice', { ...root, roles: { ...root.roles, root: { ...role, keyids: ['k', 'k'] } } }],
    ['keys as a list', { ...root, keys: [] }],
    ['a key without its value', { ...root, keys: { k: { keytype: 'a', scheme: 'a' } } }],
    ['consistent_snapshot as text', { ...root, consistent_snapshot: 'yes' }],
    ['no date', { ...root, expires: 'tomorrow' }],
    ['a day that is none', { ...root, expires: '2026-02-30T00:00:00Z' }],
    ['an hour that is none', { ...root, expires: '2026-02-20T25:00:00Z' }],
    ['a date of another zone', { ...root, expires: '2026-02-20T12:00:00+01:00' }],
    ['parts of a second', { ...root, expires: '2026-02-20T12:00:00.5Z' }],
    ['a fraction somewhere', { ...root, anything: { deep: [1.5] } }],
    ['a text that is none', { ...root, anything: '\ud800' }],
    ['no snapshot', { ...timestamp, meta: {} }],
    ['a meta as list', { ...snapshot, meta: [] }],
    ['an empty file', { ...snapshot, meta: { 'a.json': { version: 1, length: 0 } } }],
    ['no hash', { ...snapshot, meta: { 'a.json': { version: 1, hashes: {} } } }],
    ['a hash that is none', { ...snapshot, meta: { 'a.json': { version: 1, hashes: { sha256: '../x' } } } }],
    ['an empty hash', { ...snapshot, meta: { 'a.json': { version: 1, hashes: { sha256: '' } } } }],
    ['a target without length', { ...targets, targets: { a: { hashes: { sha256: 'ab' } } } }],
    ['a target without hashes', { ...targets, targets: { a: { length: 1 } } }],
    ['null as delegations', { ...targets, delegations: null }],
    ['neither roles nor bins', delegating({ keys: {} })],
    ['roles and bins', delegating({ ...delegations, succinct_roles: succinct })],
    ['a role twice', delegating({ ...delegations, roles: [delegated, delegated] })],
    ['a role that may or may not terminate', delegating({ ...delegations, roles: [{ ...delegated, terminating: 1 }] })],
    ['paths and prefixes', delegating({ ...delegations, roles: [{ ...delegated, path_hash_prefixes: ['a'] }] })],
    ['0 bits', delegating({ keys: {}, succinct_roles: { ...succinct, bit_length: 0 } })],
    ['33 bits', delegating({ keys: {}, succinct_roles: { ...succinct, bit_length: 33 } })],
    ['no signatures', root, { signatures: undefined }], ['signatures as an object', root, { signatures: {} }],
    ['a signature without key', root, { signatures: [{ sig: '' }] }],
    ['a signature without signature', root, { signatures: [{ keyid: 'k' }] }],
    ['a key that signs twice', root, { signatures: [{ keyid: 'k', sig: '' }, { keyid: 'k', sig: '' }] }],
  ]
  it.each(cases)('%s', (_, signed, more) => {
    const refused = expect.objectContaining({ name: 'TrustError', fault: 'format', file: 'x.json' })
    expect(() => parse(signed, more)).toThrow(refused)
  })

  it.each([
    ['nothing', text('')], ['no JSON', text('{')], ['a list', text('[]')], ['null', text('null')], ['one', text('1')],
    ['no UTF-8', file({ ...root, anything: '~' }).map((byte) => (byte === 0x7e ? 0xff : byte))],
    ['a byte order mark', text(`\ufeff${json(root)}`)],
    ['two values', text(`${json(root)}{}`)],
    ['far too deep', text('['.repeat(200_000) + ']'.repeat(200_000))],
    ['far too deep inside', text(json(root).replace(
      '"version":3', `"version":3,"x":${'['.repeat(50_000)}${']'.repeat(50_000)}`,
    ))],
  ])('%s', (_, bytes) => {
    expect(() => parseRoot(bytes, 'x.json')).toThrow(expect.objectContaining({ name: 'TrustError', fault: 'format' }))
  })

  it.each(['timestamp', 'snapshot', 'targets'] as const)('%s is not a root', (type) => {
    expect(() => parseRoot(file({ ...root, _type: type }), 'x')).toThrow(`x: signed._type is ${type} instead of root`)
  })

  it.each(['2.0.0', '0.9', '1', 'one', '1.0.0.0', ''])('specification %j', (spec_version) => {
    const refused = expect.objectContaining({ name: 'TrustError', fault: 'unsupported' })
    expect(() => parseRoot(file({ ...root, spec_version }), 'x')).toThrow(refused)
  })

  it.each(['1.0', '1.0.34', '1.17.0'])('specification %j is this one', (spec_version) => {
    expect(parseRoot(file({ ...root, spec_version }), 'x').signed.version).toBe(3)
  })
})
