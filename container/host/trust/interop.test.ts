/** Kinds of keys, older browsers, and metadata that others have made. */
import { describe, expect, it } from 'vitest'
import fixture from './fixtures/python-tuf.json'
import type { Subtle } from './keys'
import { encode, makePhone, makeSigner, MemoryStore, NOW, TOP, type KeyKind } from './repository-simulator'
import { Updater } from './updater'

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
    const { repository, store, phone } = await makePhone(kind)
    await repository.rotate('root', kind)
    await repository.publish('root', ...TOP)
    await phone().refresh()
    expect(store.versions()).toEqual({ root: 2, timestamp: 2, snapshot: 2, targets: 2 })
  })

  it('reaches a browser without Ed25519 if every role has an ECDSA key as well', async () => {
    const { repository, store, phone } = await makePhone()
    for (const role of ['root', ...TOP]) await repository.addKey(role, 'root', await makeSigner('ecdsa'))
    await repository.delegate('targets', 'apps.bank', { paths: ['apps/bank/*/*'] })
    await repository.addKey('apps.bank', 'targets', await makeSigner('ecdsa'))
    await repository.addTarget('apps.bank', 'apps/bank/1/a', 'a')
    await repository.serve('root')
    await repository.publish('apps.bank', ...TOP)
    for (const subtle of [older, crypto.subtle]) {
      const updater = phone({ subtle })
      const info = await updater.targetInfo('apps/bank/1/a')
      await updater.verifyTarget(new TextEncoder().encode('a'), info!)
    }
    expect(store.versions()).toMatchObject({ timestamp: 2, 'apps.bank': 1 })
  })

  it('tells a browser that is too old from a bad signature', async () => {
    const { repository, phone } = await makePhone()
    await expect(phone({ subtle: older }).refresh()).rejects.toMatchObject({
      fault: 'unsupported', message: expect.stringContaining('this browser cannot check ed25519'),
    })
    await repository.addKey('root', 'root', await makeSigner('ecdsa'))
    await repository.serve('root')
    await expect(phone({ subtle: older }).refresh()).rejects
      .toMatchObject({ fault: 'unsupported', file: 'timestamp.json' })
    repository.files.set('timestamp.json', await repository.sign('timestamp', []))
    await expect(phone({ subtle: older }).refresh()).rejects.toMatchObject({ fault: 'signature' })
  })

  it('does not mind a bad signature beside enough good ones', async () => {
    const { repository, store, phone } = await makePhone()
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

  it.each([
    ['hashed/one', 'hashed', 'one'], ['bin/seven', 'bin-18', 'seven'],
  ])('%s is found in %s', async (path, role, text) => {
    const { updater } = setupFixture()
    const info = await updater.targetInfo(path)
    expect(info).toMatchObject({ path, role })
    await updater.verifyTarget(new TextEncoder().encode(text), info!)
  })

  it('is refused after any change to what is signed', async () => {
    const { store } = setupFixture()
    for (const [path, from, to] of [
      ['1.apps.bank.json', '2500', '9500'], ['timestamp.json', '2100-', '2101-'],
      ['1.targets.json', 'apps/bank/*/*', 'apps/*/*/*'],
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
