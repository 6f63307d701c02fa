/**
 * A repository in memory, for tests: edit `root`, `timestamp`, `snapshot`, `targets` and the delegated roles as plain
 * objects, then `publish` some of them, which counts their versions up, signs them and serves them. Everything
 * published stays served under its version, as on a real server with consistent snapshots. What a server could do
 * wrong is done to `files`, or through `answer`.
 */
import { canonicalJson } from './canonical'
import { toHex } from './keys'
import { Updater, type Bytes, type Fetcher, type MetadataStore, type UpdaterOptions } from './updater'

type Json = { [key: string]: any }

export type KeyKind = 'ed25519' | 'ecdsa' | 'rsa'

/** A key pair; signs as python-tuf's signers do. */
export interface Signer {
  keyid: string
  key: { keytype: string; scheme: string; keyval: { public: string } }
  sign(message: Bytes): Promise<string>
}

/** The top-level roles below the root, in the order in which they are published. */
export const TOP = ['targets', 'snapshot', 'timestamp']
export const DAY = 86_400_000
/** When the tests take place. */
export const NOW = Date.UTC(2026, 10, 25, 12)

const date = (time: number): string => new Date(time).toISOString().replace('.000Z', 'Z')

export async function makeSigner(kind: KeyKind = 'ed25519'): Promise<Signer> {
  const { generation, signing, keytype, scheme } = KINDS[kind]
  const pair = await crypto.subtle.generateKey(generation, true, ['sign', 'verify']) as CryptoKeyPair
  const exported = async (format: 'raw' | 'spki') =>
    new Uint8Array(await crypto.subtle.exportKey(format, pair.publicKey) as ArrayBuffer)
  const text = kind === 'ed25519' ? toHex(await exported('raw')) : pem(await exported('spki'))
  const key = { keytype, scheme, keyval: { public: text } }
  return {
    keyid: toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', canonicalJson(key)))),
    key,
    async sign(message) {
      const bytes = new Uint8Array(await crypto.subtle.sign(signing, pair.privateKey, message))
      return toHex(kind === 'ecdsa' ? derSignature(bytes) : bytes)
    },
  }
}

const KINDS = {
  ed25519: {
    generation: { name: 'Ed25519' }, signing: { name: 'Ed25519' }, keytype: 'ed25519', scheme: 'ed25519',
  },
  ecdsa: {
    generation: { name: 'ECDSA', namedCurve: 'P-256' }, signing: { name: 'ECDSA', hash: 'SHA-256' },
    keytype: 'ecdsa', scheme: 'ecdsa-sha2-nistp256',
  },
  rsa: {
    generation: { name: 'RSA-PSS', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' },
    signing: { name: 'RSA-PSS', saltLength: 32 }, keytype: 'rsa', scheme: 'rsassa-pss-sha256',
  },
} as const

function pem(spki: Uint8Array): string {
  const lines = btoa(String.fromCharCode(...spki)).match(/.{1,64}/g)!
  return ['-----BEGIN PUBLIC KEY-----', ...lines, '-----END PUBLIC KEY-----', ''].join('\n')
}

/** From r and s to DER, the shortest form. */
export function derSignature(raw: Uint8Array): Bytes {
  const integers = [raw.subarray(0, 32), raw.subarray(32)].map((digits) => {
    const first = digits.findIndex((byte) => byte !== 0)
    const shortest = first < 0 ? [0] : [...digits.subarray(first)]
    const positive = shortest[0]! >= 0x80 ? [0, ...shortest] : shortest
    return [0x02, positive.length, ...positive]
  }).flat()
  return Uint8Array.from([0x30, integers.length, ...integers])
}

export class Repository {
  root: Json
  timestamp: Json
  snapshot: Json
  targets: Json
  /** delegated roles by name */
  readonly delegated = new Map<string, Json>()
  /** who signs a role; whether the role's delegator names them is another matter */
  readonly signers = new Map<string, Signer[]>()
  /** what the server has, by path below its metadata folder */
  readonly files = new Map<string, Bytes>()
  /** paths that have been asked for */
  readonly requests: string[] = []
  /** length and SHA-256 of metadata files in snapshot and timestamp */
  hashes = false
  /** what the server says instead of what it has; undefined: nothing special */
  answer: (path: string, maxLength: number) => Bytes | undefined = () => undefined
  private readonly published = new Set<string>()

  private constructor() {
    const common = (type: string) => ({
      _type: type, spec_version: '1.0.31', version: 1, expires: date(NOW + 30 * DAY),
    })
    this.root = { ...common('root'), consistent_snapshot: true, keys: {}, roles: {} }
    this.timestamp = { ...common('timestamp'), meta: {} }
    this.snapshot = { ...common('snapshot'), meta: {} }
    this.targets = { ...common('targets'), targets: {} }
  }

  /** With one key per role, everything published at version 1. */
  static async create(kind: KeyKind = 'ed25519'): Promise<Repository> {
    const repository = new Repository()
    for (const role of ['root', 'timestamp', 'snapshot', 'targets']) {
      repository.root.roles[role] = { keyids: [], threshold: 1 }
      await repository.addKey(role, 'root', await makeSigner(kind))
    }
    await repository.publish('root', 'targets', 'snapshot', 'timestamp')
    return repository
  }

  /** The first root, the one that comes with an app. */
  get trustedRoot(): Bytes {
    return this.files.get('1.root.json')!
  }

  readonly fetcher: Fetcher = {
    fetch: async (path, maxLength) => {
      this.requests.push(path)
      return this.answer(path, maxLength) ?? this.files.get(path)
    },
  }

  signed(role: string): Json {
    return role === 'root' || role === 'timestamp' || role === 'snapshot' || role === 'targets'
      ? this[role]
      : this.delegated.get(role)!
  }

  /** A key that the delegator names for the role and that signs it from now on. */
  async addKey(role: string, delegator = 'root', signer?: Signer): Promise<Signer> {
    signer ??= await makeSigner()
    const by = this.signed(delegator)
    const { keys, roles } = delegator === 'root' ? by : by.delegations
    keys[signer.keyid] = signer.key
    const named = delegator === 'root' ? roles[role] : roles.find((one: Json) => one.name === role)
    named.keyids.push(signer.keyid)
    this.signers.set(role, [...this.signers.get(role) ?? [], signer])
    return signer
  }

  /** Another key instead of those that a top-level role has. */
  async rotate(role: string, kind: KeyKind = 'ed25519'): Promise<void> {
    this.root.roles[role].keyids = []
    const former = this.signers.get(role)!
    this.signers.set(role, [])
    await this.addKey(role, 'root', await makeSigner(kind))
    // a new root is signed by the former keys too
    if (role === 'root') this.signers.set(role, [...former, ...this.signers.get(role)!])
  }

  /** A role with a key of its own, last in the delegator's order. */
  async delegate(delegator: string, name: string, delegation: Json = { paths: ['*'] }, signer?: Signer): Promise<Json> {
    const by = this.signed(delegator)
    by.delegations ??= { keys: {}, roles: [] }
    by.delegations.roles.push({ name, keyids: [], threshold: 1, terminating: false, ...delegation })
    await this.addKey(name, delegator, signer)
    if (!this.delegated.has(name)) {
      this.delegated.set(name, {
        _type: 'targets', spec_version: '1.0.31', version: 1, expires: date(NOW + 30 * DAY), targets: {},
      })
    }
    return this.delegated.get(name)!
  }

  async addTarget(role: string, path: string, content: string, custom?: unknown): Promise<Bytes> {
    const bytes = new TextEncoder().encode(content)
    const hashes = { sha256: await hash(bytes) }
    const value = { length: bytes.length, hashes, ...(custom === undefined ? {} : { custom }) }
    // also for a path called __proto__
    Object.defineProperty(this.signed(role).targets, path, {
      value, enumerable: true, configurable: true, writable: true,
    })
    return bytes
  }

  expire(role: string, time = NOW - DAY): void {
    this.signed(role).expires = date(time)
  }

  /** Signs and serves roles, with a version one higher than before. Put the ones that name others last. */
  async publish(...roles: string[]): Promise<void> {
    for (const role of roles) {
      const signed = this.signed(role)
      if (this.published.has(role)) signed.version++
      await this.serve(role)
    }
  }

  /** The same without counting up: what a server does that goes back, or says two things. */
  async serve(role: string): Promise<void> {
    this.published.add(role)
    const signed = this.signed(role)
    const bytes = await this.sign(role)
    const name = quote(role)
    if (role === 'timestamp') this.files.set('timestamp.json', bytes)
    else if (role === 'root' || this.root.consistent_snapshot) this.files.set(`${signed.version}.${name}.json`, bytes)
    else this.files.set(`${name}.json`, bytes)
    const meta = {
      version: signed.version,
      ...(this.hashes ? { length: bytes.length, hashes: { sha256: await hash(bytes) } } : {}),
    }
    if (role === 'snapshot') this.timestamp.meta['snapshot.json'] = meta
    else if (role !== 'root' && role !== 'timestamp') this.snapshot.meta[`${role}.json`] = meta
  }

  /** What brings everything back to how it is now, except what has been asked for. */
  save(): () => void {
    const { root, timestamp, snapshot, targets } = structuredClone({
      root: this.root, timestamp: this.timestamp, snapshot: this.snapshot, targets: this.targets,
    })
    const delegated = structuredClone(this.delegated)
    const signers = new Map(this.signers)
    const files = new Map(this.files)
    return () => {
      Object.assign(this, { root, timestamp, snapshot, targets, answer: () => undefined })
      refill(this.delegated, delegated)
      refill(this.signers, signers)
      refill(this.files, files)
    }
  }

  /** The file of a role as it would be published now. */
  async sign(role: string, signers = this.signers.get(role)!): Promise<Bytes> {
    const signed = this.signed(role)
    const message = canonicalJson(signed)
    const signatures = await Promise.all(signers.map(async ({ keyid, sign }) => ({ keyid, sig: await sign(message) })))
    return encode({ signatures, signed })
  }
}

function refill<T>(map: Map<string, T>, from: Map<string, T>): void {
  map.clear()
  for (const [key, value] of from) map.set(key, value)
}

/** Percent-encodes every byte that is not a letter, a digit or one of `_.-~`. */
const quote = (name: string): string => Array.from(new TextEncoder().encode(name), (byte) => {
  const char = String.fromCharCode(byte)
  return /[\w.~-]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
}).join('')

export const encode = (json: unknown): Bytes => new TextEncoder().encode(JSON.stringify(json, null, 1))

export const hash = async (bytes: Bytes): Promise<string> =>
  toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)))

/** A store whose content tests read and change. */
export class MemoryStore implements MetadataStore {
  readonly files = new Map<string, Bytes>()

  async get(name: string): Promise<Bytes | undefined> {
    return this.files.get(name)
  }

  async put(name: string, bytes: Bytes): Promise<void> {
    this.files.set(name, bytes)
  }

  async delete(name: string): Promise<void> {
    this.files.delete(name)
  }

  /** Versions of the four roles and the delegated ones that are kept, by role. */
  versions(): { [role: string]: number } {
    const entries = [...this.files].filter(([name]) => !name.startsWith('root/')).map(([name, bytes]) =>
      [decodeURIComponent(name.replace(/\.json$/, '')), JSON.parse(new TextDecoder().decode(bytes)).signed.version])
    return Object.fromEntries(entries) as { [role: string]: number }
  }
}

/** A phone that came with the repository's first root. */
export const updaterFor = (
  repository: Repository, store: MetadataStore, options: Partial<UpdaterOptions> = {},
): Updater =>
  new Updater({ root: repository.trustedRoot, store, fetcher: repository.fetcher, now: () => NOW, ...options })

/** A repository, a phone and what the phone keeps; each call of `phone` is a new start of the app. */
export async function makePhone(kind?: KeyKind) {
  const repository = await Repository.create(kind)
  const store = new MemoryStore()
  const phone = (options: Partial<UpdaterOptions> = {}) => updaterFor(repository, store, options)
  /** What the server is asked for in the course of this work. */
  const asked = async (work: Promise<unknown>): Promise<string[]> => {
    repository.requests.length = 0
    await work
    return [...repository.requests]
  }
  return { repository, store, phone, asked }
}
