import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import source from '../../node_modules/zstddec/dist/zstddec.mjs?raw'
import { zstdWasm } from '../../tools/zstd.mjs'
import { applyDelta, DeltaError, type DeltaFault } from '.'
import { sha256 } from '../package/sha256'
import { SAMPLES, type Sample } from './samples'

const wasm = zstdWasm(source)
const { edit, far } = SAMPLES
const HEAD = 40

const apply = ({ base, target, dcz }: Sample, change: Partial<{ base: Uint8Array; dcz: Uint8Array; size: number }> = {}) =>
  applyDelta(change.base ?? base, change.dcz ?? dcz, change.size ?? target.length, 'https://eden.test/_container/delta/')

const faultOf = async (result: Promise<unknown>): Promise<DeltaFault> => {
  const error = await result.then(() => undefined, (error: unknown) => error)
  expect(error).toBeInstanceOf(DeltaError)
  return (error as DeltaError).fault
}

const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i])

/** A delta of hand-made blocks; `descriptor` and what follows it in the frame's head. */
const handmade = async (base: Uint8Array<ArrayBuffer>, head: number[], ...blocks: number[][]): Promise<Uint8Array> => {
  const digest = (await sha256(base.buffer)).match(/../g)!.map((byte) => parseInt(byte, 16))
  return Uint8Array.of(
    0x5e, 0x2a, 0x4d, 0x18, 0x20, 0, 0, 0, ...digest, 0x28, 0xb5, 0x2f, 0xfd, ...head, ...blocks.flat(),
  )
}
const block = (type: number, size: number, bytes: number[], last = true): number[] => {
  const head = size << 3 | type << 1 | Number(last)
  return [head & 0xff, head >> 8 & 0xff, head >> 16, ...bytes]
}

let fetched: string[]
beforeEach(() => {
  fetched = []
  vi.stubGlobal('fetch', async (url: string) => {
    fetched.push(url)
    return new Response(wasm)
  })
})
afterEach(() => vi.unstubAllGlobals())

describe('deltas of the server', () => {
  it.each(Object.entries(SAMPLES))('%s', async (_, sample) => {
    expect(same(await apply(sample), sample.target)).toBe(true)
  })

  it('are applied to bytes that are a part of a buffer', async () => {
    const around = new Uint8Array(edit.base.length + 20)
    around.set(edit.base, 10)
    const result = await apply(edit, { base: around.subarray(10, -10) })
    expect(same(result, edit.target)).toBe(true)
    expect(result.byteLength).toBe(result.buffer.byteLength)
  })

  it('leave base and delta as they are', async () => {
    const [base, dcz] = [edit.base.slice(), edit.dcz.slice()]
    await apply(edit)
    expect(same(edit.base, base) && same(edit.dcz, dcz)).toBe(true)
  })
})

describe('frames of other encoders', () => {
  const base = new TextEncoder().encode('old')
  const bytes = [...new TextEncoder().encode('new')]

  it.each([
    ['one segment, size in one byte', [0x20, 3], [block(0, 3, bytes)]],
    ['a window, no size', [0x00, 0x58], [block(0, 3, bytes)]],
    ['a window, size in four bytes', [0x80, 0x58, 3, 0, 0, 0], [block(0, 3, bytes)]],
    ['one segment, size in eight bytes', [0xe0, 3, 0, 0, 0, 0, 0, 0, 0], [block(0, 3, bytes)]],
    ['a dictionary id of zero', [0x21, 0, 3], [block(0, 3, bytes)]],
    ['a checksum, which is not looked at', [0x24, 3], [block(0, 3, bytes), [1, 2, 3, 4]]],
    ['several blocks, some empty', [0x20, 3], [block(0, 1, [bytes[0]!], false), block(0, 0, [], false), block(0, 2, bytes.slice(1))]],
  ])('%s', async (_, head, blocks) => {
    const result = await applyDelta(base, await handmade(base, head, ...blocks), 3, '/delta')
    expect(new TextDecoder().decode(result)).toBe('new')
  })

  it('with a size in two bytes', async () => {
    const result = await applyDelta(base, await handmade(base, [0x60, 44, 0], block(1, 300, [7])), 300, '/delta')
    expect(same(result, new Uint8Array(300).fill(7))).toBe(true)
  })

  it.each([
    ['a reserved bit', [0x28, 3], [block(0, 3, bytes)]],
    ['a trained dictionary', [0x21, 9, 3], [block(0, 3, bytes)]],
    ['a reserved kind of block', [0x20, 3], [block(3, 3, bytes)]],
    ['a block beyond 128 kB', [0x00, 0x58], [block(2, 131_073, [0])]],
    ['no last block', [0x20, 3], [block(0, 3, bytes, false)]],
    ['bytes after the last block', [0x20, 3], [block(0, 3, bytes), [0]]],
    ['a checksum that breaks off', [0x24, 3], [block(0, 3, bytes), [1, 2, 3]]],
    ['a compressed block of nonsense', [0x20, 3], [block(2, 3, bytes)]],
  ])('are refused: %s', async (_, head, blocks) => {
    expect(await faultOf(applyDelta(base, await handmade(base, head, ...blocks), 3, '/delta'))).toBe('damaged')
  })

  it.each([
    ['another size', [0x20, 4], [block(0, 4, [...bytes, 0])]],
    ['more than announced', [0x00, 0x58], [block(1, 100_000, [0])]],
    ['far more than announced', [0x00, 0x58], Array.from({ length: 2000 }, (_, i) => block(1, 131_072, [0], i === 1999))],
    ['less than announced', [0x00, 0x58], [block(0, 2, bytes.slice(1))]],
    ['a size beyond all numbers', [0xe0, ...Array.from({ length: 8 }, () => 255)], [block(0, 3, bytes)]],
  ])('are refused: %s', async (_, head, blocks) => {
    expect(['size', 'damaged']).toContain(await faultOf(applyDelta(base, await handmade(base, head, ...blocks), 3, '/delta')))
  })
})

describe('what is no delta of this archive', () => {
  it('is of another base', async () => {
    expect(await faultOf(apply(edit, { base: far.base }))).toBe('base')
    const changed = edit.base.slice()
    changed[5]! ^= 1
    expect(await faultOf(apply(edit, { base: changed }))).toBe('base')
  })

  it('is something else', async () => {
    for (const dcz of [new Uint8Array(), edit.dcz.subarray(HEAD), new TextEncoder().encode('<html>'.repeat(20))]) {
      expect(await faultOf(apply(edit, { dcz }))).toBe('base')
    }
    expect(fetched).toEqual([])
  })

  it('makes another number of bytes', async () => {
    for (const size of [0, edit.target.length - 1, edit.target.length + 1, 100_000_000]) {
      expect(await faultOf(apply(edit, { size }))).toBe('size')
    }
  })

  it.each([-1, 0.5, NaN, Infinity, 2 ** 40])('is to make %d bytes', async (size) => {
    expect(await faultOf(apply(edit, { size }))).toBe('size')
  })
})

describe('damage', () => {
  it('of any length at the end is found', async () => {
    for (const { dcz, ...sample } of [edit, SAMPLES.nothingBefore, far]) {
      for (let end = 0; end < dcz.length; end++) {
        await faultOf(apply({ ...sample, dcz: dcz.subarray(0, end) }))
      }
    }
  })

  it('of one bit is an error or gives other bytes', async () => {
    let refused = 0
    let bits = 0
    for (const sample of [edit, SAMPLES.nothingBefore, SAMPLES.repeated]) {
      for (let bit = 0; bit < sample.dcz.length * 8; bit++) {
        const dcz = sample.dcz.slice()
        dcz[bit >> 3]! ^= 1 << (bit & 7)
        bits++
        try {
          const result = await apply(sample, { dcz })
          expect(result.length).toBe(sample.target.length)
        } catch (error) {
          expect(error).toBeInstanceOf(DeltaError)
          refused++
        }
      }
    }
    expect(refused).toBeGreaterThan(bits / 2)
    // After all that the decoder is as good as new.
    expect(same(await apply(edit), edit.target)).toBe(true)
  })

  it('of many bytes never hangs', async () => {
    let x = 9
    const next = (below: number): number => {
      x ^= x << 13
      x ^= x >>> 17
      x ^= x << 5
      return (x >>> 0) % below
    }
    for (let round = 0; round < 500; round++) {
      const sample = [edit, SAMPLES.nothingBefore, far][round % 3]!
      const dcz = sample.dcz.slice()
      for (let i = 0; i < 1 + round % 8; i++) dcz[HEAD + next(dcz.length - HEAD)] = next(256)
      const result = await apply(sample, { dcz }).catch((error: unknown) => error)
      if (!(result instanceof DeltaError)) expect((result as Uint8Array).length).toBe(sample.target.length)
    }
  })
})

describe('the decoder', () => {
  it('is fetched once, and only when it is needed', async () => {
    const at = (folder: string) => applyDelta(edit.base, edit.dcz, edit.target.length, folder)
    await Promise.all([at('https://once.test/delta'), at('https://once.test/delta/')])
    await at('https://once.test/delta')
    expect(fetched).toEqual(['https://once.test/delta/zstd.wasm'])
  })

  it.each([
    ['is not there', async () => new Response('', { status: 404 })],
    ['cannot be reached', async () => { throw new TypeError('Failed to fetch') }],
    ['is something else', async () => new Response('<html>')],
  ])('%s: an error, and another try the next time', async (name, broken) => {
    const folder = `https://${name.replaceAll(' ', '-')}.test/delta`
    const at = () => applyDelta(edit.base, edit.dcz, edit.target.length, folder)
    const good = fetch
    vi.stubGlobal('fetch', broken)
    expect(await faultOf(at())).toBe('decoder')
    vi.stubGlobal('fetch', good)
    expect(same(await at(), edit.target)).toBe(true)
  })

  it('is found in the package in a known form only', () => {
    expect(() => zstdWasm('export {}')).toThrow('one WebAssembly module was expected')
    expect(() => zstdWasm('const wasm = "AGFzbQEAAAA="')).toThrow('does not export memory')
  })
})
