import { describe, expect, it } from 'vitest'
import { parseRoot, parseSnapshot, parseTargets, parseTimestamp } from './metadata'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const file = (signed: object, more: object = {}): Uint8Array => text(JSON.stringify({ signatures: [], signed, ...more }))

const common = (_type: string) => ({ _type, spec_version: '1.0.31', version: 3, expires: '2026-12-25T12:00:00Z' })
const role = { keyids: ['k'], threshold: 1 }
const root = {
  ...common('root'),
  consistent_snapshot: true,
  keys: { k: { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: 'ab' } } },
  roles: { root: role, timestamp: role, snapshot: role, targets: role },
}
const timestamp = { ...common('timestamp'), meta: { 'snapshot.json': { version: 1 } } }
const snapshot = { ...common('snapshot'), meta: { 'targets.json': { version: 1, length: 5, hashes: { sha256: 'ab' } } } }
const targets = { ...common('targets'), targets: { a: { length: 1, hashes: { sha256: 'ab' } } } }
const delegated = { name: 'a', keyids: ['k'], threshold: 1, terminating: false, paths: ['*'] }
const delegations = { keys: root.keys, roles: [delegated] }
const succinct = { keyids: ['k'], threshold: 1, bit_length: 8, name_prefix: 'bin' }

const PARSERS = { root: parseRoot, timestamp: parseTimestamp, snapshot: parseSnapshot, targets: parseTargets }
const parse = (signed: { _type: string }, more?: object) =>
  PARSERS[signed._type as keyof typeof PARSERS](file(signed, more), 'x.json')

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
    expect(signed.delegations).toMatchObject({ roles: [{ name: 'a', paths: ['*'], hashPrefixes: [] }], succinct: undefined })
    expect(parseTargets(file({ ...targets, delegations: { keys: {}, succinct_roles: succinct } }), 't').signed.delegations)
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
    const bytes = text(JSON.stringify({ signatures: [], signed: timestamp }).replace('"version":3', '"__proto__":{"version":3}'))
    expect(() => parseTimestamp(bytes, 't')).toThrow('t: signed.version must be a whole number')
    const hashes = text('{"signatures":[],"signed":' + JSON.stringify(targets).replace('{"sha256":"ab"}', '{"__proto__":"ab"}') + '}')
    const parsed = parseTargets(hashes, 't').signed.targets.get('a')!.hashes
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
  const cases: [string, { _type: string }, object?][] = [
    ['no version', { ...root, version: undefined } as never], ['version 0', { ...root, version: 0 } as never],
    ['version 1.5', { ...root, version: 1.5 } as never], ['a version as text', { ...root, version: '3' } as never],
    ['no roles', { ...root, roles: {} } as never],
    ['a role less', { ...root, roles: { ...root.roles, snapshot: undefined } } as never],
    ['a threshold of 0', { ...root, roles: { ...root.roles, root: { ...role, threshold: 0 } } } as never],
    ['a key twice', { ...root, roles: { ...root.roles, root: { ...role, keyids: ['k', 'k'] } } } as never],
    ['keys as a list', { ...root, keys: [] } as never], ['a key without its value', { ...root, keys: { k: { keytype: 'a', scheme: 'a' } } } as never],
    ['consistent_snapshot as text', { ...root, consistent_snapshot: 'yes' } as never],
    ['no date', { ...root, expires: 'tomorrow' } as never],
    ['a day that is none', { ...root, expires: '2026-02-30T00:00:00Z' } as never],
    ['an hour that is none', { ...root, expires: '2026-02-20T25:00:00Z' } as never],
    ['a date of another zone', { ...root, expires: '2026-02-20T12:00:00+01:00' } as never],
    ['parts of a second', { ...root, expires: '2026-02-20T12:00:00.5Z' } as never],
    ['a fraction somewhere', { ...root, anything: { deep: [1.5] } } as never],
    ['a text that is none', { ...root, anything: '\ud800' } as never],
    ['no snapshot', { ...timestamp, meta: {} } as never],
    ['a meta as list', { ...snapshot, meta: [] } as never],
    ['an empty file', { ...snapshot, meta: { 'a.json': { version: 1, length: 0 } } } as never],
    ['no hash', { ...snapshot, meta: { 'a.json': { version: 1, hashes: {} } } } as never],
    ['a hash that is none', { ...snapshot, meta: { 'a.json': { version: 1, hashes: { sha256: '../x' } } } } as never],
    ['an empty hash', { ...snapshot, meta: { 'a.json': { version: 1, hashes: { sha256: '' } } } } as never],
    ['a target without length', { ...targets, targets: { a: { hashes: { sha256: 'ab' } } } } as never],
    ['a target without hashes', { ...targets, targets: { a: { length: 1 } } } as never],
    ['null as delegations', { ...targets, delegations: null } as never],
    ['neither roles nor bins', { ...targets, delegations: { keys: {} } } as never],
    ['roles and bins', { ...targets, delegations: { ...delegations, succinct_roles: succinct } } as never],
    ['a role twice', { ...targets, delegations: { ...delegations, roles: [delegated, delegated] } } as never],
    ['a role that may or may not be terminating', { ...targets, delegations: { ...delegations, roles: [{ ...delegated, terminating: undefined }] } } as never],
    ['paths and prefixes', { ...targets, delegations: { ...delegations, roles: [{ ...delegated, path_hash_prefixes: ['a'] }] } } as never],
    ['0 bits', { ...targets, delegations: { keys: {}, succinct_roles: { ...succinct, bit_length: 0 } } } as never],
    ['33 bits', { ...targets, delegations: { keys: {}, succinct_roles: { ...succinct, bit_length: 33 } } } as never],
    ['no signatures', root, { signatures: undefined }], ['signatures as an object', root, { signatures: {} }],
    ['a signature without key', root, { signatures: [{ sig: '' }] }],
    ['a signature without signature', root, { signatures: [{ keyid: 'k' }] }],
    ['a key that signs twice', root, { signatures: [{ keyid: 'k', sig: '' }, { keyid: 'k', sig: '' }] }],
  ]
  it.each(cases)('%s', (_, signed, more) => {
    expect(() => parse(signed, more)).toThrow(expect.objectContaining({ name: 'TrustError', fault: 'format', file: 'x.json' }))
  })

  it.each([
    ['nothing', text('')], ['no JSON', text('{')], ['a list', text('[]')], ['null', text('null')], ['a number', text('1')],
    ['no UTF-8', file({ ...root, anything: '~' }).map((byte) => (byte === 0x7e ? 0xff : byte))], ['a byte order mark', text(`\ufeff${JSON.stringify({ signatures: [], signed: root })}`)],
    ['two values', text(`${JSON.stringify({ signatures: [], signed: root })}{}`)],
    ['far too deep', text('['.repeat(200_000) + ']'.repeat(200_000))],
    ['far too deep inside', text(JSON.stringify({ signatures: [], signed: root }).replace('"version":3', `"version":3,"x":${'['.repeat(50_000)}${']'.repeat(50_000)}`))],
  ])('%s', (_, bytes) => {
    expect(() => parseRoot(bytes, 'x.json')).toThrow(expect.objectContaining({ name: 'TrustError', fault: 'format' }))
  })

  it.each(['timestamp', 'snapshot', 'targets'] as const)('%s is not a root', (type) => {
    expect(() => parseRoot(file({ ...root, _type: type }), 'x')).toThrow(`x: signed._type is ${type} instead of root`)
  })

  it.each(['2.0.0', '0.9', '1', 'one', '1.0.0.0', ''])('specification %j', (spec_version) => {
    expect(() => parseRoot(file({ ...root, spec_version }), 'x')).toThrow(expect.objectContaining({ fault: 'unsupported' }))
  })

  it.each(['1.0', '1.0.34', '1.17.0'])('specification %j is this one', (spec_version) => {
    expect(parseRoot(file({ ...root, spec_version }), 'x').signed.version).toBe(3)
  })
})
