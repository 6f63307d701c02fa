/** Every attack of the specification's list: refused, for the right reason, and survived. */
import { describe, expect, it } from 'vitest'
import type { TrustFault } from './error'
import { DAY, encode, makeSigner, MemoryStore, NOW, Repository, TOP, updaterFor } from './repository-simulator'
import type { Bytes } from './updater'

const PATH = 'apps/bank/10200/manifest.json'
const ALL = ['apps.bank', ...TOP]

interface Attack {
  fault: TrustFault
  /** what the error names */
  file: string
  /** versions that are kept afterwards where they differ from before: files that were good in themselves */
  kept?: { [role: string]: number }
  /** what is not kept any more, because its keys were replaced */
  gone?: string[]
  /** at the time of the attack */
  now?: number
  hashes?: boolean
  attack(repository: Repository, store: MemoryStore): Promise<unknown> | void
}

const json = (bytes: Bytes) => JSON.parse(new TextDecoder().decode(bytes)) as { signed: any; signatures: any[] }
const spaced = (bytes: Bytes, length: number): Bytes => {
  const longer = new Uint8Array(length).fill(32)
  longer.set(bytes)
  return longer
}
/** What the server says at this path is made of what it would have said. */
const tamper = (repository: Repository, path: string, change: (bytes: Bytes) => Bytes): void => {
  repository.files.set(path, change(repository.files.get(path)!))
}
/** The role's newest file signed by others, the real keys being elsewhere. */
const forge = async (repository: Repository, role: string, path: string): Promise<void> => {
  const publish = role === 'root' ? ['root'] : role === 'timestamp' ? ['timestamp'] : role === 'snapshot'
    ? ['snapshot', 'timestamp'] : [role, 'snapshot', 'timestamp']
  await repository.publish(...publish)
  repository.files.set(path, await repository.sign(role, [await makeSigner()]))
}
/** An answer to a question for one file that never ends, as far as one can tell. */
const endless = (repository: Repository, wanted: string): void => {
  repository.answer = (path, maxLength) => (path === wanted ? new Uint8Array(maxLength + 1).fill(32) : undefined)
}

// before every attack: root 1, everything else 2
const attacks: { [name: string]: Attack } = {
  // rollback
  'an older timestamp': {
    fault: 'rollback', file: 'timestamp.json',
    attack: (r) => { r.timestamp.version = 1; return r.serve('timestamp') },
  },
  'an older timestamp, byte by byte': {
    fault: 'rollback', file: 'timestamp.json',
    attack: async (r, store) => {
      const earlier = r.files.get('timestamp.json')!
      await r.publish('timestamp')
      await updaterFor(r, store).refresh()
      r.files.set('timestamp.json', earlier)
    },
    kept: { timestamp: 3 },
  },
  'a newer timestamp with an older snapshot': {
    fault: 'rollback', file: 'timestamp.json: snapshot.json',
    attack: async (r) => { r.snapshot.version = 1; await r.serve('snapshot'); await r.publish('timestamp') },
  },
  'a newer snapshot with older targets': {
    fault: 'rollback', file: 'snapshot.json: targets.json', kept: { timestamp: 3 },
    attack: async (r) => { r.targets.version = 1; await r.serve('targets'); await r.publish('snapshot', 'timestamp') },
  },
  'a newer snapshot with an older delegated role': {
    fault: 'rollback', file: 'snapshot.json: apps.bank.json', kept: { timestamp: 3 },
    attack: async (r) => {
      r.signed('apps.bank').version = 1
      await r.serve('apps.bank')
      await r.publish('snapshot', 'timestamp')
    },
  },
  'a newer snapshot without a role it had': {
    fault: 'rollback', file: 'snapshot.json', kept: { timestamp: 3 },
    attack: async (r) => { delete r.snapshot.meta['apps.bank.json']; await r.publish('snapshot', 'timestamp') },
  },
  'rollback with hashes': {
    fault: 'rollback', file: 'snapshot.json: targets.json', kept: { timestamp: 3 }, hashes: true,
    attack: async (r) => { r.targets.version = 1; await r.serve('targets'); await r.publish('snapshot', 'timestamp') },
  },
  'the same root as the next one': {
    fault: 'rollback', file: '2.root.json', attack: (r) => void r.files.set('2.root.json', r.trustedRoot),
  },
  'a root that leaves out a version': {
    fault: 'mismatch', file: '2.root.json',
    attack: async (r) => { r.root.version = 3; r.files.set('2.root.json', await r.sign('root')) },
  },

  // freeze
  'time goes by and nothing new comes': { fault: 'expired', file: 'root.json', now: NOW + 31 * DAY, attack: () => {} },
  'a timestamp that has expired': {
    fault: 'expired', file: 'timestamp.json',
    attack: async (r) => { r.expire('timestamp'); await r.publish('timestamp') },
  },
  'a timestamp that expires now': {
    fault: 'expired', file: 'timestamp.json',
    attack: async (r) => { r.expire('timestamp', NOW); await r.publish('timestamp') },
  },
  'a snapshot that has expired': {
    fault: 'expired', file: 'snapshot.json', kept: { timestamp: 3 },
    attack: async (r) => { r.expire('snapshot'); await r.publish('snapshot', 'timestamp') },
  },
  'targets that have expired': {
    fault: 'expired', file: 'targets.json', kept: { timestamp: 3, snapshot: 3 },
    attack: async (r) => { r.expire('targets'); await r.publish(...TOP) },
  },
  'a delegated role that has expired': {
    fault: 'expired', file: 'apps.bank.json', kept: { timestamp: 3, snapshot: 3 },
    attack: async (r) => { r.expire('apps.bank'); await r.publish('apps.bank', 'snapshot', 'timestamp') },
  },
  'a root that has expired': {
    fault: 'expired', file: 'root.json', kept: { root: 2 },
    attack: async (r) => { r.expire('root'); await r.publish('root', ...ALL) },
  },

  // mix and match
  'the snapshot of another time': {
    fault: 'mismatch', file: 'snapshot.json', kept: { timestamp: 3 },
    attack: async (r) => {
      await r.publish('snapshot', 'timestamp')
      r.files.set('3.snapshot.json', r.files.get('2.snapshot.json')!)
    },
  },
  'the targets of another time': {
    fault: 'mismatch', file: 'targets.json', kept: { timestamp: 3, snapshot: 3 },
    attack: async (r) => { await r.publish(...TOP); r.files.set('3.targets.json', r.files.get('2.targets.json')!) },
  },
  'a delegated role of another time': {
    fault: 'mismatch', file: 'apps.bank.json', kept: { timestamp: 3, snapshot: 3 },
    attack: async (r) => {
      await r.publish('apps.bank', 'snapshot', 'timestamp')
      r.files.set('3.apps.bank.json', r.files.get('2.apps.bank.json')!)
    },
  },
  'a snapshot too new for its timestamp': {
    fault: 'mismatch', file: 'snapshot.json', kept: { timestamp: 3 },
    attack: async (r) => {
      await r.publish('snapshot', 'timestamp', 'snapshot')
      r.files.set('3.snapshot.json', r.files.get('4.snapshot.json')!)
    },
  },
  'another snapshot of the same version': {
    fault: 'mismatch', file: 'snapshot.json', kept: { timestamp: 3 }, hashes: true,
    attack: async (r) => {
      await r.publish('snapshot', 'timestamp')
      r.expire('snapshot', NOW + 29 * DAY)
      r.files.set('3.snapshot.json', await r.sign('snapshot'))
    },
  },
  'other targets of the same version': {
    fault: 'mismatch', file: 'targets.json', kept: { timestamp: 3, snapshot: 3 }, hashes: true,
    attack: async (r) => {
      await r.publish(...TOP)
      tamper(r, '3.targets.json', (bytes) => encode(json(bytes)).map((byte) => (byte === 10 ? 32 : byte)))
    },
  },
  'another delegated role of the same version': {
    fault: 'mismatch', file: 'apps.bank.json', kept: { timestamp: 3, snapshot: 3 }, hashes: true,
    attack: async (r) => {
      await r.publish('apps.bank', 'snapshot', 'timestamp')
      tamper(r, '3.apps.bank.json', (bytes) => bytes.map((byte) => (byte === 10 ? 32 : byte)))
    },
  },
  'a cut file': {
    fault: 'mismatch', file: 'targets.json', kept: { timestamp: 3, snapshot: 3 }, hashes: true,
    attack: async (r) => { await r.publish(...TOP); tamper(r, '3.targets.json', (bytes) => bytes.slice(0, -9)) },
  },
  'a hash that this phone cannot check': {
    fault: 'mismatch', file: 'snapshot.json', kept: { timestamp: 3 }, hashes: true,
    attack: async (r) => {
      await r.publish('snapshot')
      r.timestamp.meta['snapshot.json'].hashes = { md5: '00' }
      await r.publish('timestamp')
    },
  },

  // endless data
  'a root without end': { fault: 'length', file: '2.root.json', attack: (r) => endless(r, '2.root.json') },
  'a timestamp without end': { fault: 'length', file: 'timestamp.json', attack: (r) => endless(r, 'timestamp.json') },
  'a snapshot without end': {
    fault: 'length', file: '3.snapshot.json', kept: { timestamp: 3 },
    attack: async (r) => { await r.publish('snapshot', 'timestamp'); endless(r, '3.snapshot.json') },
  },
  'targets without end': {
    fault: 'length', file: '3.targets.json', kept: { timestamp: 3, snapshot: 3 },
    attack: async (r) => { await r.publish(...TOP); endless(r, '3.targets.json') },
  },
  'a delegated role without end': {
    fault: 'length', file: '3.apps.bank.json', kept: { timestamp: 3, snapshot: 3 },
    attack: async (r) => {
      await r.publish('apps.bank', 'snapshot', 'timestamp')
      endless(r, '3.apps.bank.json')
    },
  },
  'a snapshot one byte longer than announced': {
    fault: 'length', file: '3.snapshot.json', kept: { timestamp: 3 }, hashes: true,
    attack: async (r) => {
      await r.publish('snapshot', 'timestamp')
      tamper(r, '3.snapshot.json', (bytes) => spaced(bytes, bytes.length + 1))
    },
  },
  'targets one byte longer than announced': {
    fault: 'length', file: '3.targets.json', kept: { timestamp: 3, snapshot: 3 }, hashes: true,
    attack: async (r) => {
      await r.publish(...TOP)
      tamper(r, '3.targets.json', (bytes) => spaced(bytes, bytes.length + 1))
    },
  },
  'a timestamp that announces an endless snapshot': {
    fault: 'length', file: '3.snapshot.json', kept: { timestamp: 3 },
    attack: async (r) => {
      await r.publish('snapshot')
      r.timestamp.meta['snapshot.json'].length = 1e12
      await r.publish('timestamp')
      r.files.set('3.snapshot.json', new Uint8Array(2_000_001))
    },
  },

  // arbitrary software: other keys
  'a root by strangers': { fault: 'signature', file: '2.root.json', attack: (r) => forge(r, 'root', '2.root.json') },
  'a timestamp by strangers': {
    fault: 'signature', file: 'timestamp.json', attack: (r) => forge(r, 'timestamp', 'timestamp.json'),
  },
  'a snapshot by strangers': {
    fault: 'signature', file: 'snapshot.json', kept: { timestamp: 3 },
    attack: (r) => forge(r, 'snapshot', '3.snapshot.json'),
  },
  'targets by strangers': {
    fault: 'signature', file: 'targets.json', kept: { timestamp: 3, snapshot: 3 },
    attack: (r) => forge(r, 'targets', '3.targets.json'),
  },
  'a delegated role by strangers': {
    fault: 'signature', file: 'apps.bank.json', kept: { timestamp: 3, snapshot: 3 },
    attack: (r) => forge(r, 'apps.bank', '3.apps.bank.json'),
  },
  'a snapshot signed by the timestamp key': {
    fault: 'signature', file: 'snapshot.json', kept: { timestamp: 3 },
    attack: async (r) => {
      r.signers.set('snapshot', r.signers.get('timestamp')!)
      await r.publish('snapshot', 'timestamp')
    },
  },
  'a delegated role signed by its delegator': {
    fault: 'signature', file: 'apps.bank.json', kept: { timestamp: 3, snapshot: 3 },
    attack: async (r) => {
      r.signers.set('apps.bank', r.signers.get('targets')!)
      await r.publish('apps.bank', 'snapshot', 'timestamp')
    },
  },
  'a stranger under the key id of a trusted key': {
    fault: 'signature', file: 'timestamp.json',
    attack: async (r) => {
      const stranger = { ...await makeSigner(), keyid: r.signers.get('timestamp')![0]!.keyid }
      r.timestamp.version++
      r.files.set('timestamp.json', await r.sign('timestamp', [stranger]))
    },
  },
  'one changed byte': {
    fault: 'signature', file: 'timestamp.json',
    attack: async (r) => {
      await r.publish('timestamp')
      tamper(r, 'timestamp.json', (bytes) => {
        const changed = json(bytes)
        changed.signed.meta['snapshot.json'].version += 1
        return encode(changed)
      })
    },
  },
  'a changed field that is not known': {
    fault: 'signature', file: 'timestamp.json',
    attack: async (r) => {
      r.timestamp.unknown = { share: 100 }
      await r.publish('timestamp')
      tamper(r, 'timestamp.json', (bytes) => {
        const changed = json(bytes)
        changed.signed.unknown.share = 10_000
        return encode(changed)
      })
    },
  },
  'no signature at all': {
    fault: 'signature', file: 'timestamp.json',
    attack: async (r) => { r.timestamp.version++; r.files.set('timestamp.json', await r.sign('timestamp', [])) },
  },
  'a root not signed by the keys it replaces': {
    fault: 'signature', file: '2.root.json',
    attack: async (r) => {
      await r.rotate('root')
      r.signers.set('root', r.signers.get('root')!.slice(1))
      await r.publish('root')
    },
  },
  'a root not signed by its own new keys': {
    fault: 'signature', file: '2.root.json',
    attack: async (r) => {
      const former = r.signers.get('root')!
      await r.rotate('root')
      r.signers.set('root', former)
      await r.publish('root')
    },
  },

  // thresholds
  'two keys needed, one signs': {
    fault: 'signature', file: 'timestamp.json', kept: { root: 2 },
    attack: async (r) => { await twoOfTwo(r); await r.publish('root'); await r.publish('timestamp') },
  },
  'two keys needed, one signs twice': {
    fault: 'format', file: 'timestamp.json', kept: { root: 2 },
    attack: async (r) => {
      await twoOfTwo(r)
      await r.publish('root', 'timestamp')
      tamper(r, 'timestamp.json', (bytes) => {
        const file = json(bytes)
        return encode({ ...file, signatures: [file.signatures[0], file.signatures[0]] })
      })
    },
  },
  'two keys needed, one key under two key ids': {
    fault: 'signature', file: 'timestamp.json', kept: { root: 2 },
    attack: async (r) => {
      const [signer] = r.signers.get('timestamp')!
      await twoOfTwo(r, { ...signer!, keyid: 'ab'.repeat(32) })
      r.signers.set('timestamp', [signer!, { ...signer!, keyid: 'ab'.repeat(32) }])
      await r.publish('root', 'timestamp')
    },
  },
  'a role that lists a key twice': {
    fault: 'format', file: '2.root.json',
    attack: async (r) => {
      const { keyids } = r.root.roles.timestamp
      keyids.push(keyids[0])
      await r.publish('root')
    },
  },
  'more keys needed than there are': {
    fault: 'signature', file: 'snapshot.json', kept: { root: 2, timestamp: 3 },
    attack: async (r) => {
      r.root.roles.snapshot.threshold = 2
      await r.publish('root', 'snapshot', 'timestamp')
    },
  },

  // what is no metadata
  'a page instead of a timestamp': {
    fault: 'format', file: 'timestamp.json',
    attack: (r) => tamper(r, 'timestamp.json', () => new TextEncoder().encode('<!doctype html><title>Sign in</title>')),
  },
  'a snapshot in the place of a timestamp': {
    fault: 'format', file: 'timestamp.json', kept: { root: 2 }, gone: ['timestamp', 'snapshot'],
    attack: async (r) => {
      // signed by the right key and with all that a timestamp has
      r.signers.set('snapshot', r.signers.get('timestamp')!)
      const { keyids } = r.root.roles.timestamp
      r.root.roles.snapshot.keyids = keyids
      r.snapshot.meta = { 'snapshot.json': { version: 9 } }
      await r.publish('root', 'snapshot')
      r.files.set('timestamp.json', r.files.get('3.snapshot.json')!)
    },
  },
  'metadata of a later specification': {
    fault: 'unsupported', file: 'timestamp.json',
    attack: async (r) => { r.timestamp.spec_version = '2.0.0'; await r.publish('timestamp') },
  },

  // what is not there
  'no timestamp': { fault: 'missing', file: 'timestamp.json', attack: (r) => void r.files.delete('timestamp.json') },
  'no snapshot': {
    fault: 'missing', file: '3.snapshot.json', kept: { timestamp: 3 },
    attack: async (r) => { await r.publish('snapshot', 'timestamp'); r.files.delete('3.snapshot.json') },
  },
  'no targets': {
    fault: 'missing', file: '3.targets.json', kept: { timestamp: 3, snapshot: 3 },
    attack: async (r) => { await r.publish(...TOP); r.files.delete('3.targets.json') },
  },
  'no delegated role': {
    fault: 'missing', file: '3.apps.bank.json', kept: { timestamp: 3, snapshot: 3 },
    attack: async (r) => {
      await r.publish('apps.bank', 'snapshot', 'timestamp')
      r.files.delete('3.apps.bank.json')
    },
  },
  'a delegated role that the snapshot does not know': {
    fault: 'missing', file: 'snapshot.json', kept: { timestamp: 3, snapshot: 3, targets: 3 },
    attack: async (r) => {
      await r.delegate('targets', 'unlisted', { paths: ['apps/bank/*/*'] })
      r.targets.delegations.roles.reverse()
      await r.publish(...TOP)
    },
  },
}

/** The timestamp needs two keys from now on, and only the first signs. */
async function twoOfTwo(repository: Repository, second?: Awaited<ReturnType<typeof makeSigner>>): Promise<void> {
  const first = repository.signers.get('timestamp')!
  await repository.addKey('timestamp', 'root', second)
  repository.signers.set('timestamp', first)
  repository.root.roles.timestamp.threshold = 2
}

describe('refused, kept as it was, and recovered from', () => {
  it.each(Object.entries(attacks))('%s', async (_, { attack, ...expected }) => {
    const { fault, file, kept = {}, gone = [], now = NOW, hashes = false } = expected
    const repository = await Repository.create()
    repository.hashes = hashes
    await repository.delegate('targets', 'apps.bank', { paths: ['apps/bank/*/*'] })
    await repository.addTarget('apps.bank', PATH, 'version 10200')
    repository.signed('apps.bank').version = 2
    await repository.publish(...ALL)
    const store = new MemoryStore()
    expect(await updaterFor(repository, store).targetInfo(PATH)).toBeDefined()
    const before = store.versions()
    expect(before).toEqual({ root: 1, timestamp: 2, snapshot: 2, targets: 2, 'apps.bank': 2 })
    const files = new Map(store.files)
    const restore = repository.save()

    await attack(repository, store)
    const phone = updaterFor(repository, store, { now: () => now })
    const attacked = phone.targetInfo(PATH)
    await expect(attacked).rejects.toMatchObject({ name: 'TrustError', fault, file })
    // nothing that was refused has been kept: every file is the one from before, or a good one
    const left = Object.entries({ ...before, ...kept }).filter(([role]) => !gone.includes(role))
    expect(store.versions()).toEqual(Object.fromEntries(left))
    const roots = [...store.files.keys()].filter((name) => name.startsWith('root/'))
    expect(roots).toEqual(kept.root ? ['root/2.json'] : [])
    for (const [name, bytes] of files) {
      const role = name.replace('.json', '')
      if (!(role in kept) && !gone.includes(role)) expect(store.files.get(name)).toEqual(bytes)
    }
    // it refuses a second time, and does not fall back to what it had
    await expect(phone.targetInfo(PATH)).rejects.toMatchObject({ fault, file })

    // the real server comes back; it has to go on from a root that was good in itself
    const newRoot = repository.files.get('2.root.json')!
    restore()
    if (kept.root) {
      repository.files.set('2.root.json', newRoot)
      repository.root.version = kept.root
      await repository.publish('root')
    }
    for (const role of ALL) repository.signed(role).version += 10
    await repository.publish(...ALL)
    expect(await updaterFor(repository, store).targetInfo(PATH)).toMatchObject({ path: PATH, length: 13 })
    const last = { root: repository.root.version, timestamp: 13, snapshot: 13, targets: 13, 'apps.bank': 13 }
    expect(store.versions()).toEqual(last)
  })
})

describe('targets', () => {
  const setup = async () => {
    const repository = await Repository.create()
    const bytes = await repository.addTarget('targets', PATH, 'the real one')
    await repository.publish(...TOP)
    const updater = updaterFor(repository, new MemoryStore())
    return { updater, bytes, info: (await updater.targetInfo(PATH))! }
  }

  it('takes the bytes that were signed', async () => {
    const { updater, bytes, info } = await setup()
    await expect(updater.verifyTarget(bytes, info)).resolves.toBeUndefined()
  })

  it.each<[string, TrustFault, (bytes: Bytes) => Bytes]>([
    ['other bytes of the same length', 'mismatch', (bytes) => bytes.map((byte) => byte ^ 1)],
    ['one bit', 'mismatch', (bytes) => bytes.map((byte, i) => (i === 3 ? byte ^ 0x80 : byte))],
    ['a cut download', 'mismatch', (bytes) => bytes.slice(0, -1)],
    ['nothing', 'mismatch', () => new Uint8Array()],
    ['something at its end', 'length', (bytes) => spaced(bytes, bytes.length + 1)],
  ])('refuses %s', async (_, fault, change) => {
    const { updater, bytes, info } = await setup()
    await expect(updater.verifyTarget(change(bytes), info)).rejects.toMatchObject({ fault, file: PATH })
  })
})
