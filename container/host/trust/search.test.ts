/** The search for a target through the roles that are trusted with it. */
import { describe, expect, it, vi } from 'vitest'
import { makePhone, makeSigner, TOP } from './repository-simulator'
import type { UpdaterOptions } from './updater'

async function setup() {
  const { repository, store, phone } = await makePhone()
  /** Delegated roles in the order in which they were asked for. */
  const visited = async (path: string, options?: Partial<UpdaterOptions>): Promise<string[]> => {
    const updater = phone(options)
    await updater.refresh()
    repository.requests.length = 0
    await updater.targetInfo(path).catch(() => undefined)
    return repository.requests.map((name) => decodeURIComponent(name.split('.').slice(1, -1).join('.')))
  }
  const publish = () => repository.publish(...repository.delegated.keys(), ...TOP)
  return { repository, store, phone, visited, publish }
}

/** delegator, role and what the delegation says beside `*` for every path of one part */
type Edge = [delegator: string, role: string, more?: { terminating?: boolean; paths?: string[] }]

describe('order', () => {
  it.each<[name: string, graph: Edge[], order: string[]]>([
    ['one', [['targets', 'A']], ['A']],
    ['as they are listed', [['targets', 'B'], ['targets', 'A']], ['B', 'A']],
    ['depth first', [['targets', 'A'], ['targets', 'B'], ['A', 'C'], ['A', 'D']], ['A', 'C', 'D', 'B']],
    ['deeper', [['targets', 'A'], ['targets', 'B'], ['A', 'C'], ['C', 'D']], ['A', 'C', 'D', 'B']],
    ['terminating: nothing after it', [['targets', 'A', { terminating: true }], ['targets', 'B']], ['A']],
    [
      'terminating below: nothing after it, nor after those above',
      [['targets', 'A'], ['targets', 'B'], ['A', 'C', { terminating: true }], ['A', 'D']], ['A', 'C'],
    ],
    [
      'terminating, but what it delegates to is asked',
      [['targets', 'A', { terminating: true }], ['targets', 'B'], ['A', 'C'], ['A', 'D']], ['A', 'C', 'D'],
    ],
    [
      'terminating for other paths',
      [['targets', 'A', { terminating: true, paths: ['*.py'] }], ['targets', 'B']], ['B'],
    ],
    [
      'a branch that is not trusted with it',
      [['targets', 'A', { paths: ['*.py'] }], ['targets', 'B'], ['A', 'C']], ['B'],
    ],
    ['a circle', [['targets', 'A'], ['A', 'B'], ['B', 'C'], ['C', 'A']], ['A', 'B', 'C']],
    ['one that delegates to itself', [['targets', 'A'], ['A', 'A']], ['A']],
    ['two ways to one role', [['targets', 'A'], ['targets', 'B'], ['B', 'C'], ['A', 'C']], ['A', 'C', 'B']],
  ])('%s', async (_, graph, order) => {
    const { repository, visited, publish } = await setup()
    const signers = new Map<string, Awaited<ReturnType<typeof makeSigner>>>()
    for (const [delegator, role, more = {}] of graph) {
      signers.set(role, signers.get(role) ?? await makeSigner())
      await repository.delegate(delegator, role, { paths: ['*'], ...more }, signers.get(role))
    }
    for (const role of signers.keys()) repository.signers.set(role, [signers.get(role)!])
    await publish()
    expect(await visited('missing')).toEqual(order)
  })

  it('takes the first who has it', async () => {
    const { repository, phone, publish } = await setup()
    for (const role of ['first', 'second']) {
      await repository.delegate('targets', role)
      await repository.addTarget(role, 'a', `from ${role}`)
    }
    await repository.addTarget('second', 'b', 'from second')
    await publish()
    expect(await phone().targetInfo('a')).toMatchObject({ role: 'first', length: 10 })
    expect(await phone().targetInfo('b')).toMatchObject({ role: 'second', length: 11 })
  })

  it('does not ask beyond a role that cannot be had', async () => {
    const { repository, phone, publish } = await setup()
    await repository.delegate('targets', 'first')
    await repository.delegate('targets', 'second')
    await repository.addTarget('second', 'a', 'from second')
    await publish()
    repository.files.delete('1.first.json')
    await expect(phone().targetInfo('a')).rejects.toMatchObject({ fault: 'missing', file: '1.first.json' })
  })

  it('believes a role only about paths that all above it trust it with', async () => {
    const { repository, phone, publish } = await setup()
    await repository.delegate('targets', 'apps.bank', { paths: ['apps/bank/*/*'] })
    await repository.delegate('apps.bank', 'helper', { paths: ['apps/*/*/*'] })
    await repository.addTarget('apps.bank', 'apps/shop/1/a', 'not theirs')
    await repository.addTarget('helper', 'apps/shop/1/b', 'not theirs')
    await repository.addTarget('helper', 'apps/bank/1/b', 'theirs')
    await publish()
    expect(await phone().targetInfo('apps/shop/1/a')).toBeUndefined()
    expect(await phone().targetInfo('apps/shop/1/b')).toBeUndefined()
    expect(await phone().targetInfo('apps/bank/1/b')).toMatchObject({ role: 'helper' })
  })

  it('ends after as many roles as its limit says', async () => {
    const { repository, phone, visited, publish } = await setup()
    for (let i = 0; i < 6; i++) await repository.delegate('targets', `role ${i}`)
    await repository.addTarget('role 3', 'near', 'x')
    await repository.addTarget('role 4', 'far', 'x')
    await publish()
    const limits = { delegations: 4 }
    expect(await phone({ limits }).targetInfo('near')).toMatchObject({ role: 'role 3' })
    await expect(phone({ limits }).targetInfo('far')).rejects.toMatchObject({ fault: 'delegations', file: 'far' })
    expect(await phone().targetInfo('far')).toMatchObject({ role: 'role 4' })
    expect(await visited('no', { limits })).toEqual([])
  })

  it('asks the program that is meant, not two hundred others', async () => {
    const { repository, visited, publish } = await setup()
    const signer = await makeSigner()
    for (let i = 0; i < 200; i++) {
      await repository.delegate('targets', `apps.p${i}`, { paths: [`apps/p${i}/*/*`] }, signer)
    }
    await publish()
    expect(await visited('apps/p137/10200/manifest.json')).toEqual(['apps.p137'])
  })
})

describe('a role that two trust, with keys of their own', () => {
  /** `release` is signed with the key that `a` names; `b` names another. */
  async function diamond() {
    const all = await setup()
    const { repository } = all
    for (const parent of ['a', 'b']) {
      await repository.delegate('targets', parent, { paths: [`${parent}/*`] })
      await repository.delegate(parent, 'release', { paths: [`${parent}/*`] })
      await repository.addTarget('release', `${parent}/file`, `for ${parent}`)
    }
    const [keyOfA, keyOfB] = repository.signers.get('release')!
    repository.signers.set('release', [keyOfA!])
    await all.publish()
    return { ...all, keyOfA: keyOfA!, keyOfB: keyOfB! }
  }

  it('is not believed under the second because the first does: within one start', async () => {
    const { phone } = await diamond()
    const updater = phone()
    expect(await updater.targetInfo('a/file')).toMatchObject({ role: 'release' })
    await expect(updater.targetInfo('b/file')).rejects.toMatchObject({ fault: 'signature', file: 'release.json' })
    expect(await updater.targetInfo('a/file')).toMatchObject({ role: 'release' })
  })

  it('nor from the store', async () => {
    const { phone, store } = await diamond()
    await phone().targetInfo('a/file')
    expect(store.versions().release).toBe(1)
    await expect(phone().targetInfo('b/file')).rejects.toMatchObject({ fault: 'signature', file: 'release.json' })
  })

  it('is believed under both if both keys sign', async () => {
    const { repository, phone, visited, keyOfA, keyOfB } = await diamond()
    repository.signers.set('release', [keyOfA, keyOfB])
    await repository.publish('release', 'snapshot', 'timestamp')
    const updater = phone()
    expect(await updater.targetInfo('a/file')).toMatchObject({ role: 'release' })
    expect(await updater.targetInfo('b/file')).toMatchObject({ role: 'release' })
    expect(await visited('b/file')).toEqual([])
  })
})

describe('delegated roles that are kept', () => {
  async function bank() {
    const all = await setup()
    await all.repository.delegate('targets', 'apps.bank', { paths: ['apps/bank/*/*'] })
    await all.repository.addTarget('apps.bank', 'apps/bank/1/a', 'x')
    await all.publish()
    await all.phone().targetInfo('apps/bank/1/a')
    return all
  }

  it('are not fetched again', async () => {
    const { visited } = await bank()
    expect(await visited('apps/bank/1/a')).toEqual([])
  })

  it('are fetched once per start', async () => {
    const { repository, store, phone } = await bank()
    store.files.delete('apps.bank.json')
    const updater = phone()
    const put = vi.spyOn(store, 'put')
    await updater.targetInfo('apps/bank/1/a')
    repository.requests.length = 0
    const get = vi.spyOn(store, 'get')
    await updater.targetInfo('apps/bank/1/a')
    await updater.targetInfo('apps/bank/2/a')
    expect(repository.requests).toEqual([])
    expect(put).toHaveBeenCalledTimes(1)
    expect(get).not.toHaveBeenCalled()
  })

  it('are not believed any more when the delegator has revoked their key', async () => {
    const { repository, phone, visited } = await bank()
    const [former] = repository.signers.get('apps.bank')!
    repository.targets.delegations.roles[0].keyids = []
    repository.signers.set('apps.bank', [])
    const next = await repository.addKey('apps.bank', 'targets')
    await repository.publish(...TOP)
    // the same version as in the store, as the former key signed it
    await expect(phone().targetInfo('apps/bank/1/a')).rejects
      .toMatchObject({ fault: 'signature', file: 'apps.bank.json' })
    // signed anew under the same version
    repository.signers.set('apps.bank', [next])
    await repository.serve('apps.bank')
    expect(await visited('apps/bank/1/a')).toEqual(['apps.bank'])
    expect(await phone().targetInfo('apps/bank/1/a')).toMatchObject({ role: 'apps.bank' })
    expect(former!.keyid).not.toBe(next.keyid)
  })

  it('nor when the delegator asks for more keys', async () => {
    const { repository, phone } = await bank()
    repository.targets.delegations.roles[0].threshold = 2
    await repository.addKey('apps.bank', 'targets')
    await repository.publish(...TOP)
    await expect(phone().targetInfo('apps/bank/1/a')).rejects
      .toMatchObject({ fault: 'signature', file: 'apps.bank.json' })
    await repository.publish('apps.bank', 'snapshot', 'timestamp')
    expect(await phone().targetInfo('apps/bank/1/a')).toMatchObject({ role: 'apps.bank' })
  })

  it('nor when the delegator no longer names them', async () => {
    const { repository, phone } = await bank()
    repository.targets.delegations.roles = []
    await repository.publish(...TOP)
    expect(await phone().targetInfo('apps/bank/1/a')).toBeUndefined()
  })
})

describe('names', () => {
  it.each([
    ['?', '%3F'], ['#', '%23'], ['/top', '%2Ftop'], ['../other', '..%2Fother'], ['..', '..'], ['a b', 'a%20b'],
    ['root/2', 'root%2F2'], ["it's (a)*!", 'it%27s%20%28a%29%2A%21'], ['灰度', '%E7%81%B0%E5%BA%A6'],
    ['__proto__', '__proto__'], ['%2F', '%252F'],
  ])('role %s is file %s, never a path', async (role, name) => {
    const { repository, store, phone, publish } = await setup()
    await repository.delegate('targets', role)
    await repository.addTarget(role, 'a', 'x')
    await publish()
    repository.requests.length = 0
    expect(await phone().targetInfo('a')).toMatchObject({ role })
    expect(repository.requests.at(-1)).toBe(`1.${name}.json`)
    expect([...store.files.keys()].at(-1)).toBe(`${name}.json`)
  })

  it.each(['root', 'timestamp', 'snapshot', 'targets', ''])('no delegated role is called %j', async (name) => {
    const { repository, phone } = await setup()
    const role = { name, keyids: [], threshold: 1, terminating: false, paths: ['*'] }
    repository.targets.delegations = { keys: {}, roles: [role] }
    await repository.publish(...TOP)
    await expect(phone().refresh()).rejects.toMatchObject({ fault: 'format', file: 'targets.json' })
  })

  it('a target is asked for by its hash', async () => {
    const { repository, phone } = await setup()
    const paths = ['plain', 'a/b c/d#1.json', '/top', '..a/b', '__proto__', 'toString']
    for (const path of paths) await repository.addTarget('targets', path, path)
    await repository.publish(...TOP)
    const updater = phone()
    const location = async (path: string) => {
      const info = await updater.targetInfo(path)
      return info!.location.replace(info!.hashes.sha256!, 'HASH')
    }
    expect(await Promise.all(paths.map(location))).toEqual([
      'HASH.plain', 'a/b%20c/HASH.d%231.json', '/HASH.top', '..a/HASH.b', 'HASH.__proto__', 'HASH.toString',
    ])
    for (const path of ['constructor', 'hasOwnProperty', '', 'Plain']) {
      expect(await updater.targetInfo(path)).toBeUndefined()
    }
  })
})

describe('a target outside the targets folder', () => {
  it.each(['../secret', 'a/../../secret', '..', 'a/./b', '.'])('%s has no place', async (path) => {
    const { repository, phone } = await setup()
    await repository.addTarget('targets', path, 'x')
    await repository.publish(...TOP)
    await expect(phone().targetInfo(path)).rejects.toMatchObject({ fault: 'format', file: path })
  })
})

describe('what a target says', () => {
  it('is passed on as it was signed', async () => {
    const { repository, phone } = await setup()
    const custom = { share: 250, salt: 'r-7', deltas: [{ from: 'ab', size: 12 }], nothing: null }
    const bytes = await repository.addTarget('targets', 'a', 'content', custom)
    repository.targets.targets.a.later = { unknown: true }
    repository.targets.extra = ['kept', { in: 'the signature' }]
    await repository.addTarget('targets', 'b', 'content')
    await repository.publish(...TOP)
    const updater = phone()
    const info = await updater.targetInfo('a')
    const sha256 = repository.targets.targets.a.hashes.sha256
    expect(info).toEqual({ path: 'a', length: 7, hashes: { sha256 }, custom, role: 'targets', location: `${sha256}.a` })
    expect((await updater.targetInfo('b'))!.custom).toBeUndefined()
    await updater.verifyTarget(bytes, info!)
  })

  it.each(['sha256', 'sha384', 'sha512'])('may be checked by %s beside a hash that is not known', async (name) => {
    const { repository, phone } = await setup()
    const bytes = await repository.addTarget('targets', 'a', 'content')
    const digest = new Uint8Array(await crypto.subtle.digest(name.replace('sha', 'SHA-'), bytes))
    const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
    repository.targets.targets.a.hashes = { blake3: '00', [name]: hex.toUpperCase() }
    await repository.publish(...TOP)
    const updater = phone()
    const info = (await updater.targetInfo('a'))!
    expect(info.location).toBe(`${hex.toUpperCase()}.a`)
    await updater.verifyTarget(bytes, info)
    await expect(updater.verifyTarget(bytes.map((byte) => byte + 1), info)).rejects.toMatchObject({ fault: 'mismatch' })
  })

  it('has to be true: every hash that is known, and the length', async () => {
    const { repository, phone } = await setup()
    const bytes = await repository.addTarget('targets', 'a', 'content')
    repository.targets.targets.a.hashes.sha512 = '00'
    repository.targets.targets.b = { length: 7, hashes: { blake3: '00' } }
    repository.targets.targets.c = { length: 8, hashes: { sha256: repository.targets.targets.a.hashes.sha256 } }
    await repository.publish(...TOP)
    const updater = phone()
    for (const path of ['a', 'b', 'c']) {
      const info = (await updater.targetInfo(path))!
      await expect(updater.verifyTarget(bytes, info)).rejects.toMatchObject({ fault: 'mismatch', file: path })
    }
  })
})
