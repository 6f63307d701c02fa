import { describe, expect, it } from 'vitest'
import { PackageError } from './error'
import { isSafePath, readZip } from './zip'

/** A stored ZIP; `change` may spoil a header before it is written. */
function zip(
  files: { [name: string]: string },
  change: (view: DataView, kind: 'local' | 'central' | 'end', index: number) => void = () => {},
): ArrayBuffer {
  const encoder = new TextEncoder()
  const locals: number[] = []
  const central: number[] = []
  Object.entries(files).forEach(([name, text], index) => {
    const path = encoder.encode(name)
    const data = encoder.encode(text)
    const local = new DataView(new ArrayBuffer(30))
    local.setUint32(0, 0x04034b50, true)
    local.setUint32(18, data.length, true)
    local.setUint32(22, data.length, true)
    local.setUint16(26, path.length, true)
    const entry = new DataView(new ArrayBuffer(46))
    entry.setUint32(0, 0x02014b50, true)
    entry.setUint32(20, data.length, true)
    entry.setUint32(24, data.length, true)
    entry.setUint16(28, path.length, true)
    entry.setUint32(42, locals.length, true)
    change(local, 'local', index)
    change(entry, 'central', index)
    locals.push(...new Uint8Array(local.buffer), ...path, ...data)
    central.push(...new Uint8Array(entry.buffer), ...path)
  })
  const end = new DataView(new ArrayBuffer(22))
  end.setUint32(0, 0x06054b50, true)
  end.setUint16(8, Object.keys(files).length, true)
  end.setUint16(10, Object.keys(files).length, true)
  end.setUint32(12, central.length, true)
  end.setUint32(16, locals.length, true)
  change(end, 'end', 0)
  return Uint8Array.from([...locals, ...central, ...new Uint8Array(end.buffer)]).buffer
}

const text = (bytes: ArrayBuffer | undefined): string => new TextDecoder().decode(bytes)
const only =
  (kind: string, offset: number, value: number, size: 2 | 4 = 2) =>
  (view: DataView, at: string, index: number): void => {
    if (at === kind && index === 0)
      size === 2 ? view.setUint16(offset, value, true) : view.setUint32(offset, value, true)
  }

describe('readZip', () => {
  it('reads files, also empty ones and names beyond ASCII', () => {
    const files = readZip(zip({ 'a.txt': 'hello', 'b/空.txt': '', 'c': '世界' }), 'x.zip')
    expect([...files.keys()]).toEqual(['a.txt', 'b/空.txt', 'c'])
    expect(text(files.get('a.txt'))).toBe('hello')
    expect(text(files.get('c'))).toBe('世界')
    expect(readZip(zip({}), 'x.zip').size).toBe(0)
  })

  it.each([
    ['a compressed entry', only('central', 10, 8)],
    ['compression in the local header', only('local', 8, 8)],
    ['an encrypted entry', only('central', 8, 1)],
    ['sizes after the data', only('local', 6, 8)],
    ['another size in the directory', only('central', 20, 1, 4)],
    ['another size in the local header', only('local', 22, 9, 4)],
    ['a size beyond the archive', (view: DataView, at: string) => {
      if (at === 'central') { view.setUint32(20, 0xffffffff, true); view.setUint32(24, 0xffffffff, true) }
      if (at === 'local') { view.setUint32(18, 0xffffffff, true); view.setUint32(22, 0xffffffff, true) }
    }],
    ['extra fields', only('local', 28, 1)],
    ['extra fields in the directory', only('central', 30, 1)],
    ['a comment', only('central', 32, 1)],
    ['a comment of the archive', only('end', 20, 1)],
    ['an offset elsewhere', only('central', 42, 1, 4)],
    ['too many entries', only('end', 10, 3)],
    [
      'too few entries',
      (view: DataView, at: string) => {
        if (at === 'end') {
          view.setUint16(8, 1, true)
          view.setUint16(10, 1, true)
        }
      },
    ],
    ['a second volume', only('end', 4, 1)],
    ['a directory elsewhere', only('end', 16, 0, 4)],
    ['a broken local signature', only('local', 0, 1, 4)],
    ['a broken directory signature', only('central', 0, 1, 4)],
    ['another length of the name', only('local', 26, 2)],
    ['a name beyond the directory', only('central', 28, 60000)],
  ])('refuses %s', (_, change) => {
    expect(() => readZip(zip({ 'a.txt': 'hello', 'b.txt': 'x' }, change), 'x.zip')).toThrow(PackageError)
  })

  it('refuses bytes around the archive and parts of it', () => {
    const good = new Uint8Array(zip({ a: 'x' }))
    expect(() => readZip(Uint8Array.from([...good, 0]).buffer, 'x.zip')).toThrow('cut off')
    expect(() => readZip(Uint8Array.from([0, ...good]).buffer, 'x.zip')).toThrow(PackageError)
    for (let length = 0; length < good.length; length++) {
      expect(() => readZip(good.slice(0, length).buffer, 'x.zip')).toThrow(PackageError)
    }
  })

  it('survives every single broken byte', () => {
    const good = new Uint8Array(zip({ 'a.txt': 'hello', 'b.txt': 'x' }))
    for (let at = 0; at < good.length; at++) {
      const bad = good.slice()
      bad[at]! ^= 0xff
      try {
        readZip(bad.buffer, 'x.zip')
      } catch (error) {
        expect(error).toBeInstanceOf(PackageError)
      }
    }
  })

  it.each(['/a', 'a/../b', '../a', './a', 'a//b', 'a\\b', 'a\0b', 'a/'])('refuses the name %j', (name) => {
    expect(isSafePath(name)).toBe(false)
    expect(() => readZip(zip({ [name]: 'x' }), 'x.zip')).toThrow('bad or repeated name')
  })

  it('refuses a name twice', () => {
    const twice = new Uint8Array(zip({ ab: 'x', ac: 'y' })).map((byte) =>
      byte === 'c'.charCodeAt(0) ? 'b'.charCodeAt(0) : byte,
    )
    expect(() => readZip(twice.buffer, 'x.zip')).toThrow('bad or repeated name')
  })
})
