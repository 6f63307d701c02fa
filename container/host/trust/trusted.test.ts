/** The rules alone: no store, no network. */
import { describe, expect, it } from 'vitest'
import { NOW, Repository } from './repository-simulator'
import { TrustedMetadata } from './trusted'

async function setup() {
  const repository = await Repository.create()
  await repository.delegate('targets', 'a')
  await repository.delegate('targets', 'b')
  await repository.publish('a', 'b', 'targets', 'snapshot', 'timestamp')
  const trusted = await TrustedMetadata.open(repository.trustedRoot, NOW, crypto.subtle)
  const file = (name: string) => repository.files.get(name)!
  return { repository, trusted, file }
}

describe('TrustedMetadata', () => {
  it('takes metadata in the order of the specification', async () => {
    const { repository, trusted, file } = await setup()
    await repository.publish('root')
    await trusted.updateRoot(file('2.root.json'))
    expect(trusted.root.version).toBe(2)
    trusted.closeRoot()
    expect(await trusted.updateTimestamp(file('timestamp.json'))).toBe(true)
    expect(await trusted.updateTimestamp(file('timestamp.json'))).toBe(false)
    await trusted.updateSnapshot(file('2.snapshot.json'))
    expect(trusted.targets).toBeUndefined()
    const targets = await trusted.updateTargets(file('2.targets.json'))
    expect(trusted.targets).toBe(targets)
    const a = await trusted.updateDelegated(file('1.a.json'), targets, 'a')
    const b = await trusted.updateDelegated(file('1.b.json'), targets, 'b')
    expect([trusted.delegated(targets, 'a'), trusted.delegated(targets, 'b')]).toEqual([a, b])
    expect(trusted.delegated(a, 'b')).toBeUndefined()
  })

  it('does not take it in another', async () => {
    const { trusted, file } = await setup()
    await expect(trusted.updateTimestamp(file('timestamp.json'))).rejects.toThrow(/before closeRoot/)
    trusted.closeRoot()
    await expect(trusted.updateRoot(file('1.root.json'))).rejects.toThrow(/after closeRoot/)
    await expect(trusted.updateSnapshot(file('2.snapshot.json'))).rejects.toThrow(/before the timestamp/)
    await trusted.updateTimestamp(file('timestamp.json'))
    await expect(trusted.updateTargets(file('2.targets.json'))).rejects.toThrow(/before the snapshot/)
  })

  it('builds nothing on a snapshot that it only remembers', async () => {
    const { repository, trusted, file } = await setup()
    await repository.publish('snapshot', 'timestamp')
    trusted.closeRoot()
    await trusted.updateTimestamp(file('timestamp.json'))
    await expect(trusted.updateSnapshot(file('2.snapshot.json'), { kept: true })).rejects
      .toMatchObject({ fault: 'mismatch' })
    await expect(trusted.updateTargets(file('2.targets.json'))).rejects.toThrow(/before the snapshot/)
    await trusted.updateSnapshot(file('3.snapshot.json'))
    await trusted.updateTargets(file('2.targets.json'))
  })

  it('nor on targets of a role that was not delegated to', async () => {
    const { trusted, file } = await setup()
    trusted.closeRoot()
    await trusted.updateTimestamp(file('timestamp.json'))
    await trusted.updateSnapshot(file('2.snapshot.json'))
    const targets = await trusted.updateTargets(file('2.targets.json'))
    for (const role of ['c', 'targets', 'constructor']) {
      await expect(trusted.updateDelegated(file('1.a.json'), targets, role)).rejects
        .toMatchObject({ fault: 'signature' })
    }
    const a = await trusted.updateDelegated(file('1.a.json'), targets, 'a')
    await expect(trusted.updateDelegated(file('1.b.json'), a, 'b')).rejects.toMatchObject({ fault: 'signature' })
    // one role's file is not another's
    await expect(trusted.updateDelegated(file('1.a.json'), targets, 'b')).rejects.toMatchObject({ fault: 'signature' })
  })
})
