/** The way of the specification's section 5, step by step. What is refused is in attacks.test.ts. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import fixture from './fixtures/python-tuf.json'
import type { Subtle } from './keys'
import {
  DAY, encode, makeSigner, MemoryStore, NOW, Repository, updaterFor, type KeyKind, type Signer,
} from './repository-simulator'
import { Updater, type UpdaterOptions } from './updater'

const ROLES = ['targets', 'snapshot', 'timestamp']
const NOTHING_NEW = ['2.root.json', 'timestamp.json']

/** A repository, a phone and what the phone keeps; each call of `phone` is a new start of the app. */
async function setup(kind?: KeyKind) {
  const repository = await Repository.create(kind)
  const store = new MemoryStore()
  const phone = (options: Partial<UpdaterOptions> = {}) => updaterFor(repository, store, options)
  const asked = async (work: Promise<unknown>): Promise<string[]> => {
    repository.requests.length = 0
    await work
    return [...repository.requests]
  }
  return { repository, store, phone, asked }
}

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('refresh', () => {
  it('asks for root, timestamp, snapshot and targets, and keeps their bytes', async () => {
    const { repository, store, phone, asked } = await setup()
    expect(await asked(phone().refresh())).toEqual([...NOTHING_NEW, '1.snapshot.json', '1.targets.json'])
    expect(store.versions()).toEqual({ root: 1, timestamp: 1, snapshot: 1, targets: 1 })
    expect(store.files.get('timestamp.json')).toEqual(repository.files.get('timestamp.json'))
    expect(store.files.get('targets.json')).toEqual(repository.files.get('1.targets.json'))
  })

  it('asks only for root and timestamp if nothing is new, and writes nothing', async () => {
    const { store, phone, asked } = await setup()
    await phone().refresh()
    const put = vi.spyOn(store, 'put')
    expect(await asked(phone().refresh())).toEqual(NOTHING_NEW)
    expect(put).not.toHaveBeenCalled()
  })

  it('fetches what is new, and only that', async () => {
    const { repository, phone, asked } = await setup()
    await phone().refresh()
    await repository.publish('snapshot', 'timestamp')
    expect(await asked(phone().refresh())).toEqual([...NOTHING_NEW, '2.snapshot.json'])
    await repository.publish(...ROLES)
    expect(await asked(phone().refresh())).toEqual([...NOTHING_NEW, '3.snapshot.json', '2.targets.json'])
  })

  it('knows repositories without consistent snapshots', async () => {
    const { repository, store, phone, asked } = await setup()
    repository.root.consistent_snapshot = false
    repository.files.clear()
    await repository.serve('root')
    await repository.addTarget('targets', 'a b/c', 'x')
    await repository.publish(...ROLES)
    const updater = phone()
    expect(await asked(updater.refresh())).toEqual([...NOTHING_NEW, 'snapshot.json', 'targets.json'])
    expect(store.versions()).toEqual({ root: 1, timestamp: 2, snapshot: 2, targets: 2 })
    expect(await updater.targetInfo('a b/c')).toMatchObject({ location: 'a%20b/c' })
  })

  it('takes a missing consistent_snapshot for false', async () => {
    const { repository, phone, asked } = await setup()
    delete repository.root.consistent_snapshot
    repository.files.clear()
    await repository.serve('root')
    await repository.publish(...ROLES)
    expect(await asked(phone().refresh())).toEqual([...NOTHING_NEW, 'snapshot.json', 'targets.json'])
  })

  it('is done once for all who ask at the same time', async () => {
    const { repository, phone, asked } = await setup()
    await repository.addTarget('targets', 'a', '1')
    await repository.publish(...ROLES)
    const updater = phone()
    const requests = await asked(Promise.all([updater.refresh(), updater.targetInfo('a'), updater.refresh()]))
    expect(requests).toEqual([...NOTHING_NEW, '2.snapshot.json', '2.targets.json'])
    expect(await asked(updater.refresh())).toEqual(NOTHING_NEW)
  })

  it('looks at the clock once', async () => {
    const { phone } = await setup()
    const now = vi.fn().mockReturnValueOnce(NOW).mockReturnValue(NOW + 1000 * DAY)
    await phone({ now }).targetInfo('x')
    expect(now).toHaveBeenCalledTimes(1)
  })

  it('keeps the timestamp it has when another one has the same version', async () => {
    const { repository, store, phone, asked } = await setup()
    await phone().refresh()
    const kept = store.files.get('timestamp.json')
    repository.timestamp.meta['snapshot.json'].version = 100
    await repository.serve('timestamp')
    expect(await asked(phone().refresh())).toEqual(NOTHING_NEW)
    expect(store.files.get('timestamp.json')).toEqual(kept)
  })

  it('goes on from metadata that has expired since', async () => {
    const { repository, store, phone } = await setup()
    await phone().refresh()
    const later = NOW + 31 * DAY
    await expect(phone({ now: () => later }).refresh()).rejects.toMatchObject({ fault: 'expired' })
    for (const role of ['root', ...ROLES]) repository.expire(role, later + DAY)
    await repository.publish('root', ...ROLES)
    await phone({ now: () => later }).refresh()
    expect(store.versions()).toEqual({ root: 2, timestamp: 2, snapshot: 2, targets: 2 })
  })

  it('is not content with a timestamp that has expired since and is still the newest', async () => {
    const { repository, phone, asked } = await setup()
    repository.expire('root', NOW + 300 * DAY)
    await repository.publish('root')
    await phone().refresh()
    const later = phone({ now: () => NOW + 31 * DAY })
    expect(await asked(expect(later.refresh()).rejects.toMatchObject({ fault: 'expired', file: 'timestamp.json' })))
      .toEqual(['3.root.json', 'timestamp.json'])
  })

  it('remembers what an expired snapshot named', async () => {
    const { repository, phone } = await setup()
    repository.expire('snapshot', NOW + DAY)
    await repository.publish(...ROLES)
    await phone().refresh()
    repository.targets.version = 1
    repository.expire('snapshot', NOW + 30 * DAY)
    await repository.serve('targets')
    await repository.publish('snapshot', 'timestamp')
    await expect(phone({ now: () => NOW + 2 * DAY }).refresh()).rejects
      .toMatchObject({ fault: 'rollback', file: 'snapshot.json: targets.json' })
  })

  it('does not answer from before when it has failed', async () => {
    const { repository, phone } = await setup()
    await repository.addTarget('targets', 'a', 'x')
    await repository.publish(...ROLES)
    const updater = phone()
    expect(await updater.targetInfo('a')).toBeDefined()
    repository.files.delete('timestamp.json')
    expect(await updater.targetInfo('a')).toBeDefined()
    await expect(updater.refresh()).rejects.toMatchObject({ fault: 'missing' })
    await expect(updater.targetInfo('a')).rejects.toMatchObject({ fault: 'missing' })
  })

  it('does not take a fault of the browser for a broken file', async () => {
    const { repository, phone, asked } = await setup()
    repository.hashes = true
    await repository.publish(...ROLES)
    await phone().refresh()
    const digest = vi.spyOn(crypto.subtle, 'digest').mockRejectedValue(new DOMException('failed', 'OperationError'))
    const requests = await asked(expect(phone().refresh()).rejects.toMatchObject({ name: 'OperationError' }))
    digest.mockRestore()
    expect(requests).toEqual(NOTHING_NEW)
  })

  it('remembers versions that have expired: no way back while the phone was off', async () => {
    const { repository, phone } = await setup()
    await repository.publish('timestamp')
    await phone().refresh()
    const later = NOW + 31 * DAY
    for (const role of ['root', ...ROLES]) repository.expire(role, later + DAY)
    repository.timestamp.version = 1
    await repository.publish('root')
    await repository.serve('timestamp')
    await expect(phone({ now: () => later }).refresh()).rejects.toMatchObject({ fault: 'rollback' })
  })

  it('uses hashes where the repository has them, also for what is kept', async () => {
    const { repository, store, phone, asked } = await setup()
    repository.hashes = true
    await repository.publish(...ROLES)
    await phone().refresh()
    // the same versions, spelled otherwise: as they would be if an earlier app had kept other bytes
    for (const name of ['snapshot.json', 'targets.json']) {
      store.files.set(name, encode(JSON.parse(new TextDecoder().decode(store.files.get(name)))).filter((byte) => byte !== 10))
    }
    expect(await asked(phone().refresh())).toEqual([...NOTHING_NEW, '2.snapshot.json', '2.targets.json'])
    expect(store.files.get('targets.json')).toEqual(repository.files.get('2.targets.json'))
  })

  it.each(['timestamp.json', 'snapshot.json', 'targets.json', 'root/2.json'])(
    'does not mind a broken %s in its store', async (name) => {
      const { repository, store, phone } = await setup()
      await repository.publish('root')
      await phone().refresh()
      const good = store.files.get(name)
      for (const broken of [new Uint8Array(), new TextEncoder().encode('{"signed": {}'), good!.slice(5)]) {
        store.files.set(name, broken)
        await phone().refresh()
        expect(store.files.get(name)).toEqual(good)
      }
    })

  it('lets network faults through as they are, and goes on where it stopped', async () => {
    const { repository, store, phone, asked } = await setup()
    await repository.publish(...ROLES)
    const restore = repository.save()
    repository.answer = (path) => {
      if (path.includes('targets')) throw new TypeError('Failed to fetch')
      return undefined
    }
    await expect(phone().refresh()).rejects.toThrow(TypeError)
    expect(store.versions()).toEqual({ root: 1, timestamp: 2, snapshot: 2 })
    restore()
    expect(await asked(phone().refresh())).toEqual([...NOTHING_NEW, '2.targets.json'])
  })

  it('lets faults of the store through', async () => {
    const { store, phone } = await setup()
    vi.spyOn(store, 'put').mockRejectedValueOnce(new DOMException('full', 'QuotaExceededError'))
    const updater = phone()
    await expect(updater.refresh()).rejects.toMatchObject({ name: 'QuotaExceededError' })
    vi.spyOn(store, 'get').mockRejectedValueOnce(new DOMException('closed', 'InvalidStateError'))
    await expect(updater.refresh()).rejects.toMatchObject({ name: 'InvalidStateError' })
    await updater.refresh()
    expect(store.versions()).toEqual({ root: 1, timestamp: 1, snapshot: 1, targets: 1 })
  })

  it('asks nobody without a root that can be trusted', async () => {
    const { repository, phone, asked } = await setup()
    const trusted = JSON.parse(new TextDecoder().decode(repository.trustedRoot))
    const { version: _, ...withoutVersion } = trusted.signed
    const stranger = await makeSigner()
    const roots = [
      ['format', new Uint8Array()],
      ['format', encode({ ...trusted, signed: withoutVersion })],
      ['signature', encode({ ...trusted, signatures: [] })],
      ['signature', await repository.sign('root', [stranger])],
      ['missing', undefined],
    ] as const
    for (const [fault, root] of roots) {
      expect(await asked(expect(phone({ root }).refresh()).rejects.toMatchObject({ fault }))).toEqual([])
    }
  })

  it('says so where the browser has no Web Crypto', async () => {
    const { phone, asked } = await setup()
    vi.stubGlobal('crypto', {})
    expect(await asked(expect(phone().refresh()).rejects.toMatchObject({ fault: 'unsupported' }))).toEqual([])
  })
})

describe('roots', () => {
  it('follows every root from the one of the app to the newest', async () => {
    const { repository, store, phone, asked } = await setup()
    for (let version = 2; version <= 5; version++) {
      await repository.rotate('root')
      await repository.publish('root')
    }
    expect((await asked(phone().refresh())).slice(0, 5)).toEqual([2, 3, 4, 5, 6].map((n) => `${n}.root.json`))
    expect(store.versions().root).toBe(5)
    // the roots in between are kept, so the next start asks for the next one only
    expect(await asked(phone().refresh())).toEqual(['6.root.json', 'timestamp.json'])
  })

  it('keeps the good ones before a bad one', async () => {
    const { repository, store, phone } = await setup()
    await repository.publish('root', 'root')
    repository.files.set('4.root.json', new TextEncoder().encode('{}'))
    await expect(phone().refresh()).rejects.toMatchObject({ fault: 'format', file: '4.root.json' })
    expect(store.versions()).toEqual({ root: 3 })
  })

  it('minds the date of the newest only', async () => {
    const { repository, store, phone } = await setup()
    repository.expire('root')
    await repository.publish('root', 'root')
    await expect(phone().refresh()).rejects.toMatchObject({ fault: 'expired', file: 'root.json' })
    expect(store.versions()).toEqual({ root: 3 })
    repository.expire('root', NOW + DAY)
    await repository.publish('root')
    await phone().refresh()
    expect(store.versions().root).toBe(4)
  })

  it('needs the threshold of the former and of the new keys', async () => {
    const { repository, store, phone } = await setup()
    const [first] = repository.signers.get('root') as [Signer]
    const second = await repository.addKey('root')
    repository.root.roles.root.threshold = 2
    await repository.publish('root')
    await phone().refresh()
    expect(store.versions().root).toBe(2)
    repository.signers.set('root', [second])
    await repository.publish('root')
    await expect(phone().refresh()).rejects.toMatchObject({ fault: 'signature', file: '3.root.json' })
    repository.root.version = 2
    repository.signers.set('root', [second, first, await makeSigner()])
    await repository.publish('root')
    await phone().refresh()
    expect(store.versions().root).toBe(3)
  })

  it('does not follow more than its limit at once', async () => {
    const { repository, store, phone } = await setup()
    await repository.publish('root', 'root', 'root', 'root')
    await phone({ limits: { roots: 3 } }).refresh()
    expect(store.versions().root).toBe(4)
    await phone({ limits: { roots: 3 } }).refresh()
    expect(store.versions().root).toBe(5)
  })

  it('goes on from the root in the store if the app has none of its own', async () => {
    const { repository, store, phone, asked } = await setup()
    store.files.set('root.json', repository.trustedRoot)
    await repository.rotate('root')
    await repository.publish('root')
    await phone({ root: undefined }).refresh()
    expect(store.versions().root).toBe(2)
    expect(await asked(phone({ root: undefined }).refresh())).toEqual(['3.root.json', 'timestamp.json'])
  })

  it('follows an app that comes with a newer root', async () => {
    const { repository, store, phone, asked } = await setup()
    await phone().refresh()
    await repository.rotate('root')
    await repository.publish('root')
    await repository.rotate('root')
    await repository.publish('root')
    const root = repository.files.get('3.root.json')!
    expect(await asked(phone({ root }).refresh())).toEqual(['4.root.json', 'timestamp.json'])
    expect(store.versions().root).toBe(3)
  })

  it('follows an app whose server was set up anew, whatever is in the store', async () => {
    const { repository, store, phone } = await setup()
    await repository.publish('root')
    await repository.publish(...ROLES)
    await repository.publish(...ROLES)
    await phone().refresh()
    const anew = await Repository.create()
    await anew.publish('root')
    await updaterFor(anew, store).refresh()
    expect(store.versions()).toEqual({ root: 2, timestamp: 1, snapshot: 1, targets: 1 })
    expect(store.files.get('root/2.json')).toEqual(anew.files.get('2.root.json'))
  })
})

describe('recovery after stolen keys', () => {
  it('timestamp: an absurd version is forgotten when the key is replaced', async () => {
    const { repository, store, phone } = await setup()
    repository.timestamp.version = 1_000_000
    await repository.serve('timestamp')
    await phone().refresh()
    expect(store.versions().timestamp).toBe(1_000_000)
    repository.timestamp.version = 2
    await repository.serve('timestamp')
    await expect(phone().refresh()).rejects.toMatchObject({ fault: 'rollback' })
    await repository.rotate('timestamp')
    await repository.publish('root')
    await repository.serve('timestamp')
    await phone().refresh()
    expect(store.versions()).toEqual({ root: 2, timestamp: 2, snapshot: 1, targets: 1 })
  })

  it('snapshot: the same', async () => {
    const { repository, store, phone } = await setup()
    repository.snapshot.version = 1_000_000
    await repository.serve('snapshot')
    await repository.publish('timestamp')
    await phone().refresh()
    repository.snapshot.version = 2
    await repository.rotate('snapshot')
    await repository.publish('root')
    await repository.serve('snapshot')
    await repository.publish('timestamp')
    await phone().refresh()
    expect(store.versions()).toEqual({ root: 2, timestamp: 3, snapshot: 2, targets: 1 })
  })

  it('targets: a new snapshot key lets their versions start again and roles go', async () => {
    const { repository, store, phone } = await setup()
    await repository.delegate('targets', 'gone')
    repository.targets.version = 1_000_000
    await repository.publish('gone')
    await repository.serve('targets')
    await repository.publish('snapshot', 'timestamp')
    await phone().refresh()
    expect(store.versions().targets).toBe(1_000_000)
    repository.targets.version = 2
    delete repository.snapshot.meta['gone.json']
    await repository.serve('targets')
    await repository.publish('snapshot', 'timestamp')
    await expect(phone().refresh()).rejects.toMatchObject({ fault: 'rollback' })
    await repository.rotate('snapshot')
    await repository.publish('root', 'snapshot', 'timestamp')
    await phone().refresh()
    expect(store.versions()).toMatchObject({ root: 2, targets: 2 })
  })

  it.each([true, false])('one of two keys: forgotten as well, although the other one signs; app with root: %s', async (own) => {
    const { repository, store, phone: start } = await setup()
    const phone = () => start(own ? {} : { root: undefined })
    store.files.set('root.json', repository.trustedRoot)
    const stolen = repository.signers.get('timestamp')![0]!
    await repository.addKey('timestamp')
    await repository.publish('root')
    repository.timestamp.version = 1_000_000
    await repository.serve('timestamp')
    await phone().refresh()
    // still signed by a good key too, so its signature alone would let it stay
    repository.root.roles.timestamp.keyids = repository.root.roles.timestamp.keyids.filter((id: string) => id !== stolen.keyid)
    repository.timestamp.version = 5
    await repository.publish('root')
    await repository.serve('timestamp')
    await phone().refresh()
    expect(store.versions()).toMatchObject({ root: 3, timestamp: 5 })
  })

  it('a further key takes nothing away', async () => {
    const { repository, store, phone } = await setup()
    await repository.publish('timestamp')
    await phone().refresh()
    await repository.addKey('timestamp')
    await repository.publish('root')
    repository.timestamp.version = 1
    await repository.serve('timestamp')
    await expect(phone().refresh()).rejects.toMatchObject({ fault: 'rollback' })
    expect(store.versions()).toMatchObject({ root: 2, timestamp: 2 })
  })

  it('forgets once: at the next start a rollback is one again', async () => {
    const { repository, phone } = await setup()
    await repository.rotate('timestamp')
    await repository.publish('root', 'timestamp', 'timestamp')
    await phone().refresh()
    repository.timestamp.version = 1
    await repository.serve('timestamp')
    await expect(phone().refresh()).rejects.toMatchObject({ fault: 'rollback' })
  })

  it('forgets when the app itself comes with the root that replaced the keys', async () => {
    const { repository, store, phone } = await setup()
    const kept = await repository.addKey('timestamp')
    await repository.publish('root')
    repository.timestamp.version = 1_000_000
    await repository.serve('timestamp')
    await phone().refresh()
    repository.root.roles.timestamp.keyids = [kept.keyid]
    repository.timestamp.version = 5
    await repository.publish('root')
    await repository.serve('timestamp')
    await phone({ root: repository.files.get('3.root.json')! }).refresh()
    expect(store.versions()).toMatchObject({ root: 3, timestamp: 5 })
  })

  it.each([1, 2, 3])('loses nothing if the phone stops at write %i of the new root', async (stop) => {
    const { repository, store, phone } = await setup()
    const good = await repository.addKey('timestamp')
    await repository.publish('root')
    repository.timestamp.version = 1_000_000
    await repository.serve('timestamp')
    await phone().refresh()
    repository.root.roles.timestamp.keyids = [good.keyid]
    repository.timestamp.version = 5
    await repository.publish('root')
    await repository.serve('timestamp')
    let writes = 0
    const stopping = (name: 'put' | 'delete') => {
      const original = store[name].bind(store) as (...values: any[]) => Promise<void>
      vi.spyOn(store, name).mockImplementation(async (...values: any[]) => {
        if (++writes === stop) throw new Error('stopped')
        await original(...values)
      })
    }
    stopping('put')
    stopping('delete')
    await expect(phone().refresh()).rejects.toThrow('stopped')
    vi.restoreAllMocks()
    await phone().refresh()
    expect(store.versions()).toEqual({ root: 3, timestamp: 5, snapshot: 1, targets: 1 })
  })

  it.each(['timestamp', 'snapshot', 'targets'])('%s: what the former key signs is refused', async (role) => {
    const { repository, phone } = await setup()
    await phone().refresh()
    const former = repository.signers.get(role)!
    await repository.rotate(role)
    repository.signers.set(role, former)
    await repository.publish('root', ...ROLES)
    await expect(phone().refresh()).rejects.toMatchObject({ fault: 'signature', file: `${role}.json` })
  })

  it('targets kept from before are looked at again with the new key', async () => {
    const { repository, phone, asked } = await setup()
    await phone().refresh()
    await repository.rotate('targets')
    await repository.publish('root')
    // the same version, signed anew
    await repository.serve('targets')
    expect(await asked(phone().refresh())).toEqual(['2.root.json', '3.root.json', 'timestamp.json', '1.targets.json'])
  })
})

describe('kinds of keys', () => {
  /** A browser from before Ed25519. */
  const older: Subtle = {
    digest: (...values) => crypto.subtle.digest(...values),
    verify: (...values) => crypto.subtle.verify(...values),
    importKey: (async (...values: Parameters<SubtleCrypto['importKey']>) => {
      if ((values[2] as Algorithm).name === 'Ed25519') throw new DOMException('unknown', 'NotSupportedError')
      return crypto.subtle.importKey(...values)
    }) as SubtleCrypto['importKey'],
  }

  it.each<KeyKind>(['ed25519', 'ecdsa', 'rsa'])('%s', async (kind) => {
    const { repository, store, phone } = await setup(kind)
    await repository.rotate('root', kind)
    await repository.publish('root', ...ROLES)
    await phone().refresh()
    expect(store.versions()).toEqual({ root: 2, timestamp: 2, snapshot: 2, targets: 2 })
  })

  it('reaches a browser without Ed25519 if every role has an ECDSA key as well', async () => {
    const { repository, store, phone } = await setup()
    for (const role of ['root', ...ROLES]) await repository.addKey(role, 'root', await makeSigner('ecdsa'))
    await repository.delegate('targets', 'apps.bank', { paths: ['apps/bank/*/*'] })
    await repository.addKey('apps.bank', 'targets', await makeSigner('ecdsa'))
    await repository.addTarget('apps.bank', 'apps/bank/1/a', 'a')
    await repository.serve('root')
    await repository.publish('apps.bank', ...ROLES)
    for (const subtle of [older, crypto.subtle]) {
      const updater = phone({ subtle })
      const info = await updater.targetInfo('apps/bank/1/a')
      await updater.verifyTarget(new TextEncoder().encode('a'), info!)
    }
    expect(store.versions()).toMatchObject({ timestamp: 2, 'apps.bank': 1 })
  })

  it('tells a browser that is too old from a bad signature', async () => {
    const { repository, phone } = await setup()
    await expect(phone({ subtle: older }).refresh()).rejects.toMatchObject({
      fault: 'unsupported', message: expect.stringContaining('this browser cannot check ed25519'),
    })
    await repository.addKey('root', 'root', await makeSigner('ecdsa'))
    await repository.serve('root')
    await expect(phone({ subtle: older }).refresh()).rejects.toMatchObject({ fault: 'unsupported', file: 'timestamp.json' })
    repository.files.set('timestamp.json', await repository.sign('timestamp', []))
    await expect(phone({ subtle: older }).refresh()).rejects.toMatchObject({ fault: 'signature' })
  })

  it('does not mind a bad signature beside enough good ones', async () => {
    const { repository, store, phone } = await setup()
    await repository.addKey('timestamp')
    await repository.publish('root', 'timestamp')
    const file = JSON.parse(new TextDecoder().decode(repository.files.get('timestamp.json')))
    for (const sig of ['', 'not hex', '00'.repeat(64), file.signatures[1].sig]) {
      file.signatures[0].sig = sig
      repository.files.set('timestamp.json', encode(file))
      store.files.clear()
      await phone().refresh()
      expect(store.versions().timestamp).toBe(2)
    }
  })
})

describe('metadata made with python-tuf', () => {
  const served = new Map(Object.entries(fixture.files).map(([path, text]) => [path, new TextEncoder().encode(text)]))
  const setupFixture = () => {
    const store = new MemoryStore()
    const fetcher = { fetch: async (path: string) => served.get(path) }
    return { store, updater: new Updater({ root: served.get('1.root.json')!, store, fetcher, now: () => NOW }) }
  }

  it('is accepted: Ed25519, ECDSA and RSA keys, two of two, hashes, lengths', async () => {
    const { store, updater } = setupFixture()
    const info = await updater.targetInfo('apps/bank/10200/manifest.json')
    expect(info).toMatchObject({
      role: 'apps.bank', length: 13,
      custom: { share: 2500, salt: 'r-7', note: '灰度 "1"\\', nested: { list: [1, null, true, ''] } },
    })
    expect(info!.location).toBe(`apps/bank/10200/${info!.hashes.sha256}.manifest.json`)
    await updater.verifyTarget(new TextEncoder().encode('{"format": 1}'), info!)
    expect(store.versions()).toEqual({ root: 2, timestamp: 1, snapshot: 1, targets: 1, 'apps.bank': 1 })
  })

  it.each([['hashed/one', 'hashed', 'one'], ['bin/seven', 'bin-18', 'seven']])('%s is found in %s', async (path, role, text) => {
    const { updater } = setupFixture()
    const info = await updater.targetInfo(path)
    expect(info).toMatchObject({ path, role })
    await updater.verifyTarget(new TextEncoder().encode(text), info!)
  })

  it('is refused after any change to what is signed', async () => {
    const { store } = setupFixture()
    for (const [path, from, to] of [
      ['1.apps.bank.json', '2500', '9500'], ['timestamp.json', '2100-', '2101-'], ['1.targets.json', 'apps/bank/*/*', 'apps/*/*/*'],
    ] as const) {
      const text = fixture.files[path]
      expect(text).toContain(from)
      const changed = new TextEncoder().encode(text.replace(from, to))
      const fetcher = { fetch: async (asked: string) => (asked === path ? changed : served.get(asked)) }
      const updater = new Updater({ root: served.get('1.root.json')!, store, fetcher, now: () => NOW })
      store.files.clear()
      await expect(updater.targetInfo('apps/bank/10200/manifest.json')).rejects.toMatchObject({ name: 'TrustError' })
    }
  })
})
