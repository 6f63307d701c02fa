/**
 * The four kinds of metadata (TUF specification 1.0, section 4), read strictly from bytes: whatever passes can be
 * used without further checks of form. Nothing here says that it is trusted. Fields that are not known stay in
 * what is signed and are otherwise ignored.
 */
import { canonicalJson } from './canonical'
import type { FileSize, Hashes } from './digest'
import { TrustError } from './error'
import { Field } from './field'
import type { PublicKey } from './keys'

export type TopRole = 'root' | 'timestamp' | 'snapshot' | 'targets'
const TOP_ROLES: readonly TopRole[] = ['root', 'timestamp', 'snapshot', 'targets']

export interface Role {
  keyids: readonly string[]
  /** how many of the keys must sign */
  threshold: number
}

interface Common {
  version: number
  /** ms since 1970 */
  expires: number
}

export interface Root extends Common {
  consistentSnapshot: boolean
  keys: ReadonlyMap<string, PublicKey>
  roles: Readonly<Record<TopRole, Role>>
}

/** What a file says of another metadata file. */
export interface MetaFile extends FileSize {
  version: number
}

export interface Timestamp extends Common {
  snapshot: MetaFile
}

export interface Snapshot extends Common {
  /** by file name: `targets.json`, `apps.bank.json` */
  meta: ReadonlyMap<string, MetaFile>
}

export interface TargetFile {
  /** bytes */
  length: number
  hashes: Hashes
  /** as it was signed; its form is between publisher and installer */
  custom: unknown
}

export interface DelegatedRole extends Role {
  name: string
  terminating: boolean
  paths: readonly string[]
  hashPrefixes: readonly string[]
}

/** TAP 15: 2^bitLength roles `PREFIX-BIN` that share their keys. */
export interface SuccinctRoles extends Role {
  bitLength: number
  prefix: string
}

export interface Delegations {
  keys: ReadonlyMap<string, PublicKey>
  roles: readonly DelegatedRole[]
  succinct: SuccinctRoles | undefined
}

export interface Targets extends Common {
  targets: ReadonlyMap<string, TargetFile>
  delegations: Delegations | undefined
}

export interface Metadata<T> {
  signed: T
  /** by key id, hex */
  signatures: ReadonlyMap<string, string>
  /** what the signatures are over */
  message: Uint8Array<ArrayBuffer>
}

const HEX = /^[0-9a-f]+$/i

export const parseRoot = (bytes: Uint8Array, file: string): Metadata<Root> =>
  parse(bytes, file, 'root', (top) => {
    const roles = top('roles').record()
    return {
      consistentSnapshot: top('consistent_snapshot').optional((field) => field.flag()) ?? false,
      keys: readKeys(top('keys')),
      roles: Object.fromEntries(TOP_ROLES.map((name) => [name, readRole(roles(name))])) as Root['roles'],
    }
  })

export const parseTimestamp = (bytes: Uint8Array, file: string): Metadata<Timestamp> =>
  parse(bytes, file, 'timestamp', (top) => ({ snapshot: readMetaFile(top('meta').record()('snapshot.json')) }))

export const parseSnapshot = (bytes: Uint8Array, file: string): Metadata<Snapshot> =>
  parse(bytes, file, 'snapshot', (top) => ({ meta: top('meta').map(readMetaFile) }))

export const parseTargets = (bytes: Uint8Array, file: string): Metadata<Targets> =>
  parse(bytes, file, 'targets', (top) => ({
    targets: top('targets').map((field) => {
      const target = field.record()
      return {
        length: target('length').integer(0), hashes: readHashes(target('hashes')), custom: target('custom').value,
      }
    }),
    delegations: top('delegations').optional(readDelegations),
  }))

function parse<T>(
  bytes: Uint8Array, file: string, type: TopRole, read: (top: (key: string) => Field) => T,
): Metadata<Common & T> {
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch {
    throw new TrustError('format', file, 'is not JSON')
  }
  const envelope = new Field(json, file).record()
  const signatures = new Map<string, string>()
  envelope('signatures').list((field) => {
    const entry = field.record()
    const keyid = entry('keyid').text()
    if (signatures.has(keyid)) field.wrong('is a second signature of the same key')
    signatures.set(keyid, entry('sig').text())
  })
  const top = envelope('signed').record()
  const found = top('_type').text()
  if (found !== type) top('_type').wrong(`is ${found} instead of ${type}`)
  const specification = top('spec_version').text()
  if (!/^1\.\d+(\.\d+)?$/.test(specification)) {
    throw new TrustError('unsupported', file, `follows version ${specification} of the specification, not 1`)
  }
  const common = { version: top('version').integer(1), expires: readDate(top('expires')) }
  return { signed: { ...common, ...read(top) }, signatures, message: signedMessage(envelope('signed')) }
}

function signedMessage(signed: Field): Uint8Array<ArrayBuffer> {
  try {
    return canonicalJson(signed.value)
  } catch (error) {
    return signed.wrong((error as Error).message)
  }
}

function readDate(field: Field): number {
  const text = field.text(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  const time = Date.parse(text)
  // the 30th of February is a date of March to JavaScript
  if (Number.isNaN(time) || new Date(time).toISOString() !== text.replace('Z', '.000Z')) field.wrong('is no date')
  return time
}

const readKeys = (field: Field): Map<string, PublicKey> =>
  field.map((one) => {
    const key = one.record()
    return {
      keytype: key('keytype').text(), scheme: key('scheme').text(), public: key('keyval').record()('public').text(),
    }
  })

function readRole(field: Field): Role {
  const role = field.record()
  const keyids = role('keyids').list((keyid) => keyid.text())
  if (new Set(keyids).size !== keyids.length) role('keyids').wrong('has a key twice')
  return { keyids, threshold: role('threshold').integer(1) }
}

function readMetaFile(field: Field): MetaFile {
  const file = field.record()
  return {
    version: file('version').integer(1),
    length: file('length').optional((length) => length.integer(1)),
    hashes: file('hashes').optional(readHashes),
  }
}

function readHashes(field: Field): Hashes {
  const hashes = field.map((hash) => hash.text(HEX))
  if (hashes.size === 0) field.wrong('must name a hash')
  return Object.assign(Object.create(null) as object, Object.fromEntries(hashes))
}

function readDelegations(field: Field): Delegations {
  const delegations = field.record()
  const succinct = delegations('succinct_roles').optional(readSuccinctRoles)
  const roles = delegations('roles').optional((list) => list.list(readDelegatedRole))
  if (!roles === !succinct) field.wrong('must have either roles or succinct_roles')
  if (new Set(roles?.map((role) => role.name)).size !== (roles?.length ?? 0)) field.wrong('has a role twice')
  return { keys: readKeys(delegations('keys')), roles: roles ?? [], succinct }
}

function readDelegatedRole(field: Field): DelegatedRole {
  const role = field.record()
  const paths = role('paths').optional((list) => list.list((path) => path.text()))
  const hashPrefixes = role('path_hash_prefixes').optional((list) => list.list((prefix) => prefix.text(HEX)))
  if (paths && hashPrefixes) field.wrong('must not have both paths and path_hash_prefixes')
  return {
    ...readRole(field),
    name: readRoleName(role('name')),
    terminating: role('terminating').flag(),
    paths: paths ?? [],
    hashPrefixes: hashPrefixes?.map((prefix) => prefix.toLowerCase()) ?? [],
  }
}

const readSuccinctRoles = (field: Field): SuccinctRoles => {
  const roles = field.record()
  return {
    ...readRole(field),
    bitLength: roles('bit_length').integer(1, 32),
    prefix: readRoleName(roles('name_prefix')),
  }
}

/** A delegated role must not stand in the place of one of the four. */
function readRoleName(field: Field): string {
  const name = field.text(/./s)
  if ((TOP_ROLES as readonly string[]).includes(name)) field.wrong('is the name of a top-level role')
  return name
}
