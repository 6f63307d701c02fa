/** The way from the root of the app to the newest, and what a new root lets a phone forget. */
import { describe, expect, it, vi } from 'vitest'
import { DAY, makePhone, makeSigner, NOW, Repository, TOP, updaterFor, type Signer } from './repository-simulator'

describe('roots', () => {
  it('follows every root from the one of the app to the newest', async () => {
    const { repository, store, phone, asked } = await makePhone()
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
    const { repository, store, phone } = await makePhone()
    await repository.publish('root', 'root')
    repository.files.set('4.root.json', new TextEncoder().encode('{}'))
    await expect(phone().refresh()).rejects.toMatchObject({ fault: 'format', file: '4.root.json' })
    expect(store.versions()).toEqual({ root: 3 })
  })

  it('minds the date of the newest only', async () => {
    const { repository, store, phone } = await makePhone()
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
    const { repository, store, phone } = await makePhone()
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
    const { repository, store, phone } = await makePhone()
    await repository.publish('root', 'root', 'root', 'root')
    await phone({ limits: { roots: 3 } }).refresh()
    expect(store.versions().root).toBe(4)
    await phone({ limits: { roots: 3 } }).refresh()
    expect(store.versions().root).toBe(5)
  })

  it('goes on from the root in the store if the app has none of its own', async () => {
    const { repository, store, phone, asked } = await makePhone()
    store.files.set('root.json', repository.trustedRoot)
    await repository.rotate('root')
    await repository.publish('root')
    await phone({ root: undefined }).refresh()
    expect(store.versions().root).toBe(2)
    expect(await asked(phone({ root: undefined }).refresh())).toEqual(['3.root.json', 'timestamp.json'])
  })

  it('follows an app that comes with a newer root', async () => {
    const { repository, store, phone, asked } = await makePhone()
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
    const { repository, store, phone } = await makePhone()
    await repository.publish('root')
    await repository.publish(...TOP)
    await repository.publish(...TOP)
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
    const { repository, store, phone } = await makePhone()
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
    const { repository, store, phone } = await makePhone()
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
    const { repository, store, phone } = await makePhone()
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

  it.each([true, false])('one of two keys: forgotten although the other one signs; app with root: %s', async (own) => {
    const { repository, store, phone: start } = await makePhone()
    const phone = () => start(own ? {} : { root: undefined })
    store.files.set('root.json', repository.trustedRoot)
    const stolen = repository.signers.get('timestamp')![0]!
    await repository.addKey('timestamp')
    await repository.publish('root')
    repository.timestamp.version = 1_000_000
    await repository.serve('timestamp')
    await phone().refresh()
    // still signed by a good key too, so its signature alone would let it stay
    const named = repository.root.roles.timestamp
    named.keyids = named.keyids.filter((id: string) => id !== stolen.keyid)
    repository.timestamp.version = 5
    await repository.publish('root')
    await repository.serve('timestamp')
    await phone().refresh()
    expect(store.versions()).toMatchObject({ root: 3, timestamp: 5 })
  })

  it('a further key takes nothing away', async () => {
    const { repository, store, phone } = await makePhone()
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
    const { repository, phone } = await makePhone()
    await repository.rotate('timestamp')
    await repository.publish('root', 'timestamp', 'timestamp')
    await phone().refresh()
    repository.timestamp.version = 1
    await repository.serve('timestamp')
    await expect(phone().refresh()).rejects.toMatchObject({ fault: 'rollback' })
  })

  it('forgets when the app itself comes with the root that replaced the keys', async () => {
    const { repository, store, phone } = await makePhone()
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
    const { repository, store, phone } = await makePhone()
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
    const { repository, phone } = await makePhone()
    await phone().refresh()
    const former = repository.signers.get(role)!
    await repository.rotate(role)
    repository.signers.set(role, former)
    await repository.publish('root', ...TOP)
    await expect(phone().refresh()).rejects.toMatchObject({ fault: 'signature', file: `${role}.json` })
  })

  it('targets kept from before are looked at again with the new key', async () => {
    const { repository, phone, asked } = await makePhone()
    await phone().refresh()
    await repository.rotate('targets')
    await repository.publish('root')
    // the same version, signed anew
    await repository.serve('targets')
    expect(await asked(phone().refresh())).toEqual(['2.root.json', '3.root.json', 'timestamp.json', '1.targets.json'])
  })
})
