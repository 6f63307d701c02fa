import { describe, expect, it } from 'vitest'
import { unpack, zipEntries } from './unzip'

const encoder = new TextEncoder()
const text = (bytes: ArrayBuffer): string => new TextDecoder().decode(bytes)

async function deflate(data: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([data]).stream().pipeThrough(new CompressionStream('deflate-raw'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

interface Options {
  deflated?: boolean
  /** bytes of an extra field in front of each file's data, as zip tools write them */
  extra?: number
  comment?: string
  /** may spoil a header of the first file */
  change?: (view: DataView, kind: 'local' | 'central') => void
}

/** A zip as people's tools make it. */
async function zip(files: [string, string][], { deflated = false, extra = 0, comment = '', change }: Options = {}): Promise<ArrayBuffer> {
  const out: number[] = []
  const directory: number[] = []
  for (const [index, [name, content]] of files.entries()) {
    const path = encoder.encode(name)
    const plain = encoder.encode(content)
    const data = deflated ? await deflate(plain) : plain
    const local = new DataView(new ArrayBuffer(30))
    local.setUint32(0, 0x04034b50, true)
    local.setUint16(8, deflated ? 8 : 0, true)
    local.setUint16(26, path.length, true)
    local.setUint16(28, extra, true)
    const central = new DataView(new ArrayBuffer(46))
    central.setUint32(0, 0x02014b50, true)
    central.setUint16(10, deflated ? 8 : 0, true)
    central.setUint32(20, data.length, true)
    central.setUint32(24, plain.length, true)
    central.setUint16(28, path.length, true)
    central.setUint32(42, out.length, true)
    if (index === 0) {
      change?.(local, 'local')
      change?.(central, 'central')
    }
    out.push(...new Uint8Array(local.buffer), ...path, ...new Uint8Array(extra), ...data)
    directory.push(...new Uint8Array(central.buffer), ...path)
  }
  const end = new DataView(new ArrayBuffer(22))
  end.setUint32(0, 0x06054b50, true)
  end.setUint16(10, files.length, true)
  end.setUint32(12, directory.length, true)
  end.setUint32(16, out.length, true)
  end.setUint16(20, comment.length, true)
  return Uint8Array.from([...out, ...directory, ...new Uint8Array(end.buffer), ...encoder.encode(comment)]).buffer
}

const FILES: [string, string][] = [['index.html', '<h1>店</h1>'], ['js/', ''], ['js/app.js', 'x'.repeat(5000)], ['图.txt', '']]

describe('archives of web applications', () => {
  it.each([
    ['stored', {}],
    ['deflated', { deflated: true }],
    ['with extra fields and a comment', { deflated: true, extra: 28, comment: 'made by a tool PK' }],
  ])('reads files, %s', async (_, options: Options) => {
    const entries = zipEntries(await zip(FILES, options), 'package.zip')
    expect(entries.map(({ path }) => path)).toEqual(['index.html', 'js/app.js', '图.txt'])
    expect(await Promise.all(entries.map(async (entry) => text(await unpack(entry))))).toEqual(
      ['<h1>店</h1>', 'x'.repeat(5000), ''],
    )
  })

  const central = (offset: number, value: number, size: 2 | 4 = 2) => (view: DataView, kind: string): void => {
    if (kind === 'central') size === 2 ? view.setUint16(offset, value, true) : view.setUint32(offset, value, true)
  }

  it.each([
    ['an encrypted file', central(8, 1)],
    ['another method', central(10, 12)],
    ['two sizes', central(24, 1, 4)],
    ['an offset beyond the end', central(42, 0xfffffff, 4)],
    ['a size beyond the end', (view: DataView, kind: string) => {
      if (kind === 'central') [20, 24].forEach((at) => view.setUint32(at, 0x7fffffff, true))
    }],
    ['a name that is too long', central(28, 0xffff)],
    ['a broken directory', central(0, 1, 4)],
    ['a broken header', (view: DataView, kind: string) => { if (kind === 'local') view.setUint32(0, 1, true) }],
  ])('refuses %s', async (_, change) => {
    const bytes = await zip(FILES, { change })
    expect(() => zipEntries(bytes, 'package.zip')).toThrow(/package\.zip: /)
  })

  it.each(['../a', '/a', 'a/../../b', 'a\\b'])('refuses the name %s', async (name) => {
    const bytes = await zip([[name, 'x']])
    expect(() => zipEntries(bytes, 'package.zip')).toThrow('bad or repeated name')
  })

  it('refuses a name twice, and what is no archive', async () => {
    const twice = await zip([['a', '1'], ['a', '2']])
    expect(() => zipEntries(twice, 'package.zip')).toThrow('bad or repeated name')
    expect(() => zipEntries(new ArrayBuffer(0), 'package.zip')).toThrow('is not a ZIP file')
    expect(() => zipEntries(encoder.encode('x'.repeat(100)).buffer, 'package.zip')).toThrow('is not a ZIP file')
  })

  it('unpacks to no more than the directory says', async () => {
    const bomb = await zip([['a', 'x'.repeat(100_000)]], { deflated: true, change: central(24, 10, 4) })
    await expect(unpack(zipEntries(bomb, 'package.zip')[0]!)).rejects.toThrow('cannot be unpacked')
    const short = await zip([['a', 'x']], { deflated: true, change: central(24, 10, 4) })
    await expect(unpack(zipEntries(short, 'package.zip')[0]!)).rejects.toThrow('cannot be unpacked')
    const much = await zip([['a', 'x']], { deflated: true, change: central(24, 0x7fffffff, 4) })
    expect(() => zipEntries(much, 'package.zip')).toThrow('unpacks to more than')
  })

  it('survives every single broken byte', async () => {
    const good = new Uint8Array(await zip([['a.txt', 'hello'], ['b', 'x']], { deflated: true, extra: 4 }))
    for (let at = 0; at < good.length; at++) {
      const bad = good.slice()
      bad[at]! ^= 0xff
      const result = (async () => Promise.all(zipEntries(bad.buffer, 'x.zip').map(unpack)))()
      await result.catch((error: unknown) => expect((error as Error).name).toBe('PackageError'))
    }
  })
})
