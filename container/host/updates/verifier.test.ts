import { describe, expect, it } from 'vitest'
import { MemoryBytes } from '../store/bytes'
import { KeptMetadata } from './kept-metadata'
import { Verifier } from './verifier'

const none = async (): Promise<boolean> => false
const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)

function make(file = 'none.js'): { verifier: Verifier; store: KeptMetadata; asked: string[] } {
  const asked: string[] = []
  const store = new KeptMetadata(Promise.resolve(new MemoryBytes()), 'trust w ', none)
  const verifier = new Verifier({
    url: 'https://a/device/v1/w/', fetch, root: undefined, store,
    file: (name) => { asked.push(name); return file },
  })
  return { verifier, store, asked }
}

describe('verifier', () => {
  it('knows the timestamp that was accepted last, without what is loaded late', async () => {
    const { verifier, store, asked } = make()
    expect(await verifier.timestamp()).toBe(0)
    await store.put('timestamp.json', bytes('{"signed": {"version": 7}}'))
    expect(await verifier.timestamp()).toBe(7)
    await store.put('timestamp.json', bytes('{"signed":'))
    expect(await verifier.timestamp()).toBe(0)
    expect(asked).toEqual([])
  })

  it('fails when it cannot be loaded, and tries again the next time', async () => {
    const { verifier, asked } = make('/there/is/no/such/module.js')
    verifier.prepare()
    await expect(verifier.refresh()).rejects.toThrow()
    expect(asked).toEqual(['updates.js'])
    await expect(verifier.refresh()).rejects.toThrow()
    expect(asked).toEqual(['updates.js', 'updates.js'])
  })
})

describe('kept metadata', () => {
  it('is apart from other workspaces, and makes room', async () => {
    const memory = new MemoryBytes()
    const full = new DOMException('full', 'QuotaExceededError')
    let room = 0
    const put = memory.put.bind(memory)
    memory.put = (key, data) => (room ? put(key, data) : Promise.reject(full))
    const store = new KeptMetadata(Promise.resolve(memory), 'trust w ', async () => { room++; return true })
    await store.put('root.json', bytes('x'))
    expect(await memory.keys()).toEqual(['trust w root.json'])
    expect(await store.get('root.json')).toEqual(bytes('x'))
    await store.delete('root.json')
    expect(await store.get('root.json')).toBeUndefined()
  })
})
