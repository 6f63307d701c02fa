/**
 * What is trusted, and the rules by which more comes to be trusted: the checks of the TUF specification 1.0, section
 * 5.3 to 5.6, over bytes, without any input or output. Each `update…` either accepts a file or throws a TrustError;
 * the order is root (any number of times), closeRoot, timestamp, snapshot, targets, delegated targets.
 *
 * Two files may be refused and still be remembered: a timestamp or snapshot that is properly signed, but expired or
 * no longer the newest. Kept from an earlier start, they say which versions this phone has already seen; nothing else
 * is built on them.
 */
import { verifyBytes } from './digest'
import { delegatedRole } from './delegation'
import { TrustError } from './error'
import { keyIdentity, verifySignature, type PublicKey, type Subtle } from './keys'
import {
  parseRoot, parseSnapshot, parseTargets, parseTimestamp,
  type Metadata, type MetaFile, type Role, type Root, type Snapshot, type Targets, type Timestamp, type TopRole,
} from './metadata'

type Bytes = Uint8Array<ArrayBuffer>

export class TrustedMetadata {
  private closed = false
  private seenTimestamp: Timestamp | undefined
  private seenSnapshot: Snapshot | undefined
  private snapshot: Snapshot | undefined
  private topTargets: Targets | undefined
  /**
   * Delegated targets under the very file that delegates to them: another path to the same role has other keys, and
   * what one delegator trusts says nothing about the other.
   */
  private readonly below = new WeakMap<Targets, Map<string, Targets>>()

  private constructor(
    private current: Root,
    /** ms since 1970; fixed for one update (5.1) */
    private readonly now: number,
    private readonly subtle: Subtle,
  ) {}

  /** Starts with a root that is trusted because it came with the app. It must be signed by its own keys. */
  static async open(root: Bytes, now: number, subtle: Subtle): Promise<TrustedMetadata> {
    const parsed = parseRoot(root, 'root.json')
    await verifyThreshold(subtle, parsed, parsed.signed.keys, parsed.signed.roles.root, 'root.json')
    return new TrustedMetadata(parsed.signed, now, subtle)
  }

  get root(): Root {
    return this.current
  }

  /** 5.3.3 to 5.3.7: the next root, signed by the keys of this one and by its own. */
  async updateRoot(bytes: Bytes): Promise<Root> {
    if (this.closed) throw new Error('The root cannot be updated after closeRoot().')
    const file = `${this.current.version + 1}.root.json`
    const next = parseRoot(bytes, file)
    await this.verifyTop(next, 'root', file)
    await verifyThreshold(this.subtle, next, next.signed.keys, next.signed.roles.root, file)
    const { version } = next.signed
    if (version !== this.current.version + 1) {
      throw new TrustError(version <= this.current.version ? 'rollback' : 'mismatch', file, `has version ${version}`)
    }
    this.current = next.signed
    return next.signed
  }

  /** 5.3.10: there is no newer root; this one must not have expired. */
  closeRoot(): void {
    this.requireFresh(this.current, 'root.json')
    this.closed = true
  }

  /** 5.4. False if it is not newer than the trusted one, which then stays: that is no fault. */
  async updateTimestamp(bytes: Bytes): Promise<boolean> {
    if (!this.closed) throw new Error('The timestamp cannot be updated before closeRoot().')
    const file = 'timestamp.json'
    const next = parseTimestamp(bytes, file)
    await this.verifyTop(next, 'timestamp', file)
    const seen = this.seenTimestamp
    if (seen) {
      const { version, snapshot } = next.signed
      requireNotOlder(seen.version, version, file)
      if (version === seen.version) return false
      requireNotOlder(seen.snapshot.version, snapshot.version, `${file}: snapshot.json`)
    }
    this.seenTimestamp = next.signed
    this.requireFresh(next.signed, file)
    return true
  }

  /** What the timestamp says of the snapshot; throws when the timestamp has expired. */
  get snapshotMeta(): MetaFile {
    if (!this.seenTimestamp) throw new Error('The snapshot cannot be updated before the timestamp.')
    this.requireFresh(this.seenTimestamp, 'timestamp.json')
    return this.seenTimestamp.snapshot
  }

  /** 5.5. `kept` was accepted at an earlier start; it may be older than what the timestamp names. */
  async updateSnapshot(bytes: Bytes, { kept = false } = {}): Promise<Snapshot> {
    const file = 'snapshot.json'
    const meta = this.snapshotMeta
    if (!kept) await verifyBytes(this.subtle, bytes, meta, file)
    const next = parseSnapshot(bytes, file)
    await this.verifyTop(next, 'snapshot', file)
    // a fresh one of another version never counts as seen
    if (!kept) requireVersion(meta.version, next.signed.version, file)
    for (const [name, { version }] of this.seenSnapshot?.meta ?? []) {
      const now = next.signed.meta.get(name)
      if (!now) throw new TrustError('rollback', file, `no longer names ${name}`)
      requireNotOlder(version, now.version, `${file}: ${name}`)
    }
    this.seenSnapshot = next.signed
    this.requireFresh(next.signed, file)
    if (kept) {
      requireVersion(meta.version, next.signed.version, file)
      await verifyBytes(this.subtle, bytes, meta, file)
    }
    this.snapshot = next.signed
    return next.signed
  }

  /** What the snapshot says of the targets file of a role. */
  targetsMeta(role: string): MetaFile {
    if (!this.snapshot) throw new Error('Targets cannot be updated before the snapshot.')
    const meta = this.snapshot.meta.get(`${role}.json`)
    if (!meta) throw new TrustError('missing', 'snapshot.json', `does not name ${role}.json`)
    return meta
  }

  get targets(): Targets | undefined {
    return this.topTargets
  }

  /** 5.6.1 to 5.6.6. */
  async updateTargets(bytes: Bytes): Promise<Targets> {
    this.topTargets = await this.readTargets(bytes, 'targets', this.current.keys, this.current.roles.targets)
    return this.topTargets
  }

  /** Those of a role if they have been accepted under this delegator. */
  delegated(delegator: Targets, role: string): Targets | undefined {
    return this.below.get(delegator)?.get(role)
  }

  /** The same checks for a role to which `delegator`, itself accepted, delegates. */
  async updateDelegated(bytes: Bytes, delegator: Targets, role: string): Promise<Targets> {
    const keys = delegator.delegations?.keys
    const found = delegator.delegations && delegatedRole(delegator.delegations, role)
    if (!keys || !found) throw new TrustError('signature', `${role}.json`, 'is not delegated to')
    const accepted = await this.readTargets(bytes, role, keys, found)
    const siblings = this.below.get(delegator) ?? new Map<string, Targets>()
    this.below.set(delegator, siblings.set(role, accepted))
    return accepted
  }

  private async readTargets(
    bytes: Bytes, name: string, keys: ReadonlyMap<string, PublicKey>, role: Role,
  ): Promise<Targets> {
    const file = `${name}.json`
    const meta = this.targetsMeta(name)
    await verifyBytes(this.subtle, bytes, meta, file)
    const next = parseTargets(bytes, file)
    await verifyThreshold(this.subtle, next, keys, role, file)
    requireVersion(meta.version, next.signed.version, file)
    this.requireFresh(next.signed, file)
    return next.signed
  }

  private verifyTop(metadata: Metadata<unknown>, role: TopRole, file: string): Promise<void> {
    return verifyThreshold(this.subtle, metadata, this.current.keys, this.current.roles[role], file)
  }

  private requireFresh({ expires }: { expires: number }, file: string): void {
    if (expires > this.now) return
    throw new TrustError('expired', file, `expired at ${new Date(expires).toISOString()}`)
  }
}

/** 5.3.11: has a timestamp or snapshot key of `before` been replaced or withdrawn? */
export function rotatesKeys(before: Root, after: Root): boolean {
  const identities = (root: Root, role: TopRole): string[] =>
    root.roles[role].keyids.flatMap((keyid) => root.keys.get(keyid) ?? []).map(keyIdentity)
  return (['timestamp', 'snapshot'] as const).some((role) => {
    const still = new Set(identities(after, role))
    return identities(before, role).some((key) => !still.has(key))
  })
}

/** As many different keys of the role as its threshold must have signed; others are not looked at. */
async function verifyThreshold(
  subtle: Subtle, metadata: Metadata<unknown>, keys: ReadonlyMap<string, PublicKey>, role: Role, file: string,
): Promise<void> {
  const valid = new Set<string>()
  const unusable = new Map<string, string>()
  for (const keyid of role.keyids) {
    const key = keys.get(keyid)
    const signature = metadata.signatures.get(keyid)
    if (!key || signature === undefined) continue
    const verdict = await verifySignature(subtle, key, signature, metadata.message)
    if (verdict === 'valid') valid.add(keyIdentity(key))
    if (verdict === 'unusable') unusable.set(keyIdentity(key), key.scheme)
    if (valid.size >= role.threshold) return
  }
  const schemes = [...new Set(unusable.values())].join(', ')
  throw new TrustError(
    valid.size + unusable.size >= role.threshold ? 'unsupported' : 'signature',
    file,
    `is signed by ${valid.size} of the ${role.threshold} keys that are needed`
      + (schemes && `; this browser cannot check ${schemes}`),
  )
}

function requireNotOlder(seen: number, found: number, file: string): void {
  if (found < seen) throw new TrustError('rollback', file, `has version ${found}; version ${seen} was here before`)
}

function requireVersion(expected: number, found: number, file: string): void {
  if (found !== expected) throw new TrustError('mismatch', file, `has version ${found} instead of ${expected}`)
}
