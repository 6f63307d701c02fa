/** A refresh as it should be, section 5 of the specification. What is refused is in attacks.test.ts. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { DAY, encode, makePhone, makeSigner, NOW, TOP } from './repository-simulator'
import { verifyFirstRoot } from './updater'

const NOTHING_NEW = ['2.root.json', 'timestamp.json']

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('refresh', () => {
  it('asks for root, timestamp, snapshot and targets, and keeps their bytes', async () => {
    const { repository, store, phone, asked } = await makePhone()
    expect(await asked(phone().refresh())).toEqual([...NOTHING_NEW, '1.snapshot.json', '1.targets.json'])
    expect(store.versions()).toEqual({ root: 1, timestamp: 1, snapshot: 1, targets: 1 })
    expect(store.files.get('timestamp.json')).toEqual(repository.files.get('timestamp.json'))
    expect(store.files.get('targets.json')).toEqual(repository.files.get('1.targets.json'))
  })

  it('asks only for root and timestamp if nothing is new, and writes nothing', async () => {
    const { store, phone, asked } = await makePhone()
    await phone().refresh()
    const put = vi.spyOn(store, 'put')
    expect(await asked(phone().refresh())).toEqual(NOTHING_NEW)
    expect(put).not.toHaveBeenCalled()
  })

  it('fetches what is new, and only that', async () => {
    const { repository, phone, asked } = await makePhone()
    await phone().refresh()
    await repository.publish('snapshot', 'timestamp')
    expect(await asked(phone().refresh())).toEqual([...NOTHING_NEW, '2.snapshot.json'])
    await repository.publish(...TOP)
    expect(await asked(phone().refresh())).toEqual([...NOTHING_NEW, '3.snapshot.json', '2.targets.json'])
  })

  it('knows repositories without consistent snapshots', async () => {
    const { repository, store, phone, asked } = await makePhone()
    repository.root.consistent_snapshot = false
    repository.files.clear()
    await repository.serve('root')
    await repository.addTarget('targets', 'a b/c', 'x')
    await repository.publish(...TOP)
    const updater = phone()
    expect(await asked(updater.refresh())).toEqual([...NOTHING_NEW, 'snapshot.json', 'targets.json'])
    expect(store.versions()).toEqual({ root: 1, timestamp: 2, snapshot: 2, targets: 2 })
    expect(await updater.targetInfo('a b/c')).toMatchObject({ location: 'a%20b/c' })
  })

  it('takes a missing consistent_snapshot for false', async () => {
    const { repository, phone, asked } = await makePhone()
    delete repository.root.consistent_snapshot
    repository.files.clear()
    await repository.serve('root')
    await repository.publish(...TOP)
    expect(await asked(phone().refresh())).toEqual([...NOTHING_NEW, 'snapshot.json', 'targets.json'])
  })

  it('is done once for all who ask at the same time', async () => {
    const { repository, phone, asked } = await makePhone()
    await repository.addTarget('targets', 'a', '1')
    await repository.publish(...TOP)
    const updater = phone()
    const requests = await asked(Promise.all([updater.refresh(), updater.targetInfo('a'), updater.refresh()]))
    expect(requests).toEqual([...NOTHING_NEW, '2.snapshot.json', '2.targets.json'])
    expect(await asked(updater.refresh())).toEqual(NOTHING_NEW)
  })

  it('looks at the clock once', async () => {
    const { phone } = await makePhone()
    const now = vi.fn().mockReturnValueOnce(NOW).mockReturnValue(NOW + 1000 * DAY)
    await phone({ now }).targetInfo('x')
    expect(now).toHaveBeenCalledTimes(1)
  })

  it('keeps the timestamp it has when another one has the same version', async () => {
    const { repository, store, phone, asked } = await makePhone()
    await phone().refresh()
    const kept = store.files.get('timestamp.json')
    repository.timestamp.meta['snapshot.json'].version = 100
    await repository.serve('timestamp')
    expect(await asked(phone().refresh())).toEqual(NOTHING_NEW)
    expect(store.files.get('timestamp.json')).toEqual(kept)
  })

  it('goes on from metadata that has expired since', async () => {
    const { repository, store, phone } = await makePhone()
    await phone().refresh()
    const later = NOW + 31 * DAY
    await expect(phone({ now: () => later }).refresh()).rejects.toMatchObject({ fault: 'expired' })
    for (const role of ['root', ...TOP]) repository.expire(role, later + DAY)
    await repository.publish('root', ...TOP)
    await phone({ now: () => later }).refresh()
    expect(store.versions()).toEqual({ root: 2, timestamp: 2, snapshot: 2, targets: 2 })
  })

  it('is not content with a timestamp that has expired since and is still the newest', async () => {
    const { repository, phone, asked } = await makePhone()
    repository.expire('root', NOW + 300 * DAY)
    await repository.publish('root')
    await phone().refresh()
    const later = phone({ now: () => NOW + 31 * DAY })
    expect(await asked(expect(later.refresh()).rejects.toMatchObject({ fault: 'expired', file: 'timestamp.json' })))
      .toEqual(['3.root.json', 'timestamp.json'])
  })

  it('remembers what an expired snapshot named', async () => {
    const { repository, phone } = await makePhone()
    repository.expire('snapshot', NOW + DAY)
    await repository.publish(...TOP)
    await phone().refresh()
    repository.targets.version = 1
    repository.expire('snapshot', NOW + 30 * DAY)
    await repository.serve('targets')
    await repository.publish('snapshot', 'timestamp')
    await expect(phone({ now: () => NOW + 2 * DAY }).refresh()).rejects
      .toMatchObject({ fault: 'rollback', file: 'snapshot.json: targets.json' })
  })

  it('does not answer from before when it has failed', async () => {
    const { repository, phone } = await makePhone()
    await repository.addTarget('targets', 'a', 'x')
    await repository.publish(...TOP)
    const updater = phone()
    expect(await updater.targetInfo('a')).toBeDefined()
    repository.files.delete('timestamp.json')
    expect(await updater.targetInfo('a')).toBeDefined()
    await expect(updater.refresh()).rejects.toMatchObject({ fault: 'missing' })
    await expect(updater.targetInfo('a')).rejects.toMatchObject({ fault: 'missing' })
  })

  it('does not take a fault of the browser for a broken file', async () => {
    const { repository, phone, asked } = await makePhone()
    repository.hashes = true
    await repository.publish(...TOP)
    await phone().refresh()
    const digest = vi.spyOn(crypto.subtle, 'digest').mockRejectedValue(new DOMException('failed', 'OperationError'))
    const requests = await asked(expect(phone().refresh()).rejects.toMatchObject({ name: 'OperationError' }))
    digest.mockRestore()
    expect(requests).toEqual(NOTHING_NEW)
  })

  it('remembers versions that have expired: no way back while the phone was off', async () => {
    const { repository, phone } = await makePhone()
    await repository.publish('timestamp')
    await phone().refresh()
    const later = NOW + 31 * DAY
    for (const role of ['root', ...TOP]) repository.expire(role, later + DAY)
    repository.timestamp.version = 1
    await repository.publish('root')
    await repository.serve('timestamp')
    await expect(phone({ now: () => later }).refresh()).rejects.toMatchObject({ fault: 'rollback' })
  })

  it('uses hashes where the repository has them, also for what is kept', async () => {
    const { repository, store, phone, asked } = await makePhone()
    repository.hashes = true
    await repository.publish(...TOP)
    await phone().refresh()
    // the same versions, spelled otherwise: as they would be if an earlier app had kept other bytes
    for (const name of ['snapshot.json', 'targets.json']) {
      store.files.set(name, store.files.get(name)!.filter((byte) => byte !== 10))
    }
    expect(await asked(phone().refresh())).toEqual([...NOTHING_NEW, '2.snapshot.json', '2.targets.json'])
    expect(store.files.get('targets.json')).toEqual(repository.files.get('2.targets.json'))
  })

  it.each(['timestamp.json', 'snapshot.json', 'targets.json', 'root/2.json'])(
    'does not mind a broken %s in its store', async (name) => {
      const { repository, store, phone } = await makePhone()
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
    const { repository, store, phone, asked } = await makePhone()
    await repository.publish(...TOP)
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
    const { store, phone } = await makePhone()
    vi.spyOn(store, 'put').mockRejectedValueOnce(new DOMException('full', 'QuotaExceededError'))
    const updater = phone()
    await expect(updater.refresh()).rejects.toMatchObject({ name: 'QuotaExceededError' })
    vi.spyOn(store, 'get').mockRejectedValueOnce(new DOMException('closed', 'InvalidStateError'))
    await expect(updater.refresh()).rejects.toMatchObject({ name: 'InvalidStateError' })
    await updater.refresh()
    expect(store.versions()).toEqual({ root: 1, timestamp: 1, snapshot: 1, targets: 1 })
  })

  it('asks nobody without a root that can be trusted', async () => {
    const { repository, phone, asked } = await makePhone()
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

  it('takes for a first root only what its own keys have signed', async () => {
    const { repository } = await makePhone()
    await verifyFirstRoot(repository.trustedRoot)
    const page = new TextEncoder().encode('<!doctype html><title>Sign in to this network</title>')
    await expect(verifyFirstRoot(page)).rejects.toMatchObject({ fault: 'format' })
    const stranger = await repository.sign('root', [await makeSigner()])
    await expect(verifyFirstRoot(stranger)).rejects.toMatchObject({ fault: 'signature' })
  })

  it('says so where the browser has no Web Crypto', async () => {
    const { phone, asked } = await makePhone()
    vi.stubGlobal('crypto', {})
    expect(await asked(expect(phone().refresh()).rejects.toMatchObject({ fault: 'unsupported' }))).toEqual([])
  })
})
