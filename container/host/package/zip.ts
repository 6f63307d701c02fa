/**
 * Reader for the archives of docs/package-format.md: ZIP without compression (APPNOTE 6.3), entries one after the
 * other from the first byte to the directory, no extra fields, no comments. Everything else is refused, so that
 * two readers can never see different files in one archive.
 */
import { PackageError } from './error'

const LOCAL = 0x04034b50
const CENTRAL = 0x02014b50
const END = 0x06054b50
const LOCAL_SIZE = 30
const CENTRAL_SIZE = 46
const END_SIZE = 22
/** Bit 11: the name is UTF-8. Every other flag (encryption, sizes after the data) is refused. */
const UTF8 = 0x800

/** Entries by name; copies, so that each can be moved to another thread alone. Throws PackageError. */
export function readZip(bytes: ArrayBuffer, archive: string): Map<string, ArrayBuffer> {
  const need = (condition: boolean, detail: string): void => {
    if (!condition) throw new PackageError('archive', archive, detail)
  }
  const view = new DataView(bytes)
  const u16 = (at: number): number => view.getUint16(at, true)
  const u32 = (at: number): number => view.getUint32(at, true)
  const name = (at: number, length: number): string => {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(new Uint8Array(bytes, at, length))
    } catch {
      throw new PackageError('archive', archive, 'a name is not UTF-8')
    }
  }

  const end = bytes.byteLength - END_SIZE
  need(end >= 0 && u32(end) === END, 'is not a ZIP file, or is cut off')
  const count = u16(end + 10)
  const directory = u32(end + 16)
  need(u16(end + 4) === 0 && u16(end + 6) === 0 && u16(end + 8) === count, 'has several volumes')
  need(directory + u32(end + 12) === end && u16(end + 20) === 0, 'has bytes that belong to no file')

  const files = new Map<string, ArrayBuffer>()
  let central = directory
  let local = 0
  for (let i = 0; i < count; i++) {
    need(central + CENTRAL_SIZE <= end && u32(central) === CENTRAL, 'has a broken directory')
    const size = u32(central + 24)
    const length = u16(central + 28)
    need(central + CENTRAL_SIZE + length <= end, 'has a broken directory')
    const path = name(central + CENTRAL_SIZE, length)
    need((u16(central + 8) & ~UTF8) === 0 && u16(central + 10) === 0, `${path} is compressed or encrypted`)
    need(u32(central + 20) === size, `${path} has two sizes`)
    need(u16(central + 30) === 0 && u16(central + 32) === 0 && u16(central + 34) === 0, `${path} has extra fields`)
    need(isSafePath(path) && !files.has(path), `${path} is a bad or repeated name`)

    // Local headers must follow each other without a gap and say the same as the directory.
    const data = local + LOCAL_SIZE + length
    need(u32(central + 42) === local && data + size <= directory, `${path} lies outside of the archive`)
    need(u32(local) === LOCAL && u16(local + 28) === 0 && u16(local + 26) === length, `${path} has a broken header`)
    need(name(local + LOCAL_SIZE, length) === path, `${path} has two names`)
    need((u16(local + 6) & ~UTF8) === 0 && u16(local + 8) === 0, `${path} is compressed or encrypted`)
    need(u32(local + 18) === size && u32(local + 22) === size, `${path} has two sizes`)
    files.set(path, bytes.slice(data, data + size))
    local = data + size
    central += CENTRAL_SIZE + length
  }
  need(local === directory && central === end, 'has bytes that belong to no file')
  return files
}

/** Relative, with "/" only, and not leading out of its folder. */
export function isSafePath(path: string): boolean {
  return (
    path !== '' && !/[\\\0]/.test(path) && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
  )
}
