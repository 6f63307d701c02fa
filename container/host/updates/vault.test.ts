import { describe, expect, it } from 'vitest'
import { sha256 } from '../package/sha256'
import { MemoryBytes } from '../store/bytes'
import { Vault } from './vault'

const bytes = (text: string): ArrayBuffer => new TextEncoder().encode(text).buffer as ArrayBuffer

/** A store with room for so many entries. */
class Small extends MemoryBytes {
  constructor(private readonly room: number) { super() }
  override async put(key: string, data: ArrayBuffer): Promise<void> {
    if ((await this.keys()).length >= this.room) throw new DOMException('full', 'QuotaExceededError')
    await super.put(key, data)
  }
}

const none = async (): Promise<boolean> => false

describe('vault', () => {
  it('gives what was put, and not what a disk made of it', async () => {
    const store = new MemoryBytes()
    const vault = new Vault(Promise.resolve(store), 'w ', none)
    const hash = await sha256(bytes('one'))
    expect(await vault.get(hash)).toBeUndefined()
    await vault.put(hash, bytes('one'))
    expect(await vault.has(hash)).toBe(true)
    expect(await vault.get(hash)).toEqual(bytes('one'))
    await store.put(`w ${hash}`, bytes('two'))
    expect(await vault.get(hash)).toBeUndefined()
    expect(await store.keys()).toEqual([])
  })

  it('retains what is used or pinned, and touches nothing of others', async () => {
    const store = new MemoryBytes()
    const vault = new Vault(Promise.resolve(store), 'w ', none)
    for (const name of ['a', 'b', 'c']) await vault.put(name, bytes(name))
    await store.put('other a', bytes('x'))
    const [first, second] = [vault.pin('b'), vault.pin('b')]
    await vault.retain(['a'])
    expect(await store.keys()).toEqual(['w a', 'w b', 'other a'])
    first()
    await vault.retain(['a'])
    expect(await vault.has('b')).toBe(true)
    second()
    await vault.retain(['a'])
    expect(await store.keys()).toEqual(['w a', 'other a'])
  })

  it('gives up nothing for an error that room does not help against', async () => {
    const store = new MemoryBytes()
    store.put = () => Promise.reject(new DOMException('closed', 'InvalidStateError'))
    let asked = 0
    const vault = new Vault(Promise.resolve(store), 'w ', async () => { asked++; return asked < 9 })
    await expect(vault.put('a', bytes('a'))).rejects.toThrow('closed')
    expect(asked).toBe(0)
  })

  it('gives up old versions before it fails', async () => {
    const store = new Small(2)
    const old = ['a', 'b']
    const vault: Vault = new Vault(Promise.resolve(store), 'w ', async () => {
      const gone = old.shift()
      if (gone === undefined) return false
      await vault.retain([...old, 'c', 'd'])
      return true
    })
    for (const name of ['a', 'b', 'c', 'd']) await vault.put(name, bytes(name))
    expect(await store.keys()).toEqual(['w c', 'w d'])
    await expect(vault.put('e', bytes('e'))).rejects.toThrow('full')
    expect(await store.keys()).toEqual(['w c', 'w d'])
  })
})
