/**
 * Files of an archive as people make them: stored or deflated, with extra fields and comments. Its bytes are those that
 * were signed, and the server has looked at it much harder (`eden.release.archive`); what is checked here keeps a
 * phone whole when that server is not to be trusted.
 */
import { PackageError } from '../../host/package/error'
import { isSafePath } from '../../host/package/zip'

/** bytes of all files together; a phone holds one file at a time */
const MAX_UNPACKED = 512 * 1024 * 1024
const MAX_FILES = 50_000

const LOCAL = 0x04034b50
const CENTRAL = 0x02014b50
const END = 0x06054b50
const END_SIZE = 22
const MAX_COMMENT = 0xffff
const STORED = 0
const DEFLATED = 8

export interface ZipEntry {
  path: string
  /** bytes, unpacked */
  size: number
  packed: Uint8Array<ArrayBuffer>
  deflated: boolean
}

/** All files, without folders. Throws PackageError. */
export function zipEntries(bytes: ArrayBuffer, archive: string): ZipEntry[] {
  try {
    return read(bytes, archive)
  } catch (error) {
    // an offset beyond the end, a name that is not UTF-8
    throw error instanceof PackageError ? error : new PackageError('archive', archive, 'is damaged')
  }
}

function read(bytes: ArrayBuffer, archive: string): ZipEntry[] {
  const need = (condition: boolean, detail: string): void => {
    if (!condition) throw new PackageError('archive', archive, detail)
  }
  const view = new DataView(bytes)
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const end = endRecord(view)
  need(end >= 0, 'is not a ZIP file, or is cut off')
  const count = view.getUint16(end + 10, true)
  need(count <= MAX_FILES, 'has too many files')
  const found = new Map<string, ZipEntry>()
  let total = 0
  let at = view.getUint32(end + 16, true)
  for (let i = 0; i < count; i++) {
    need(view.getUint32(at, true) === CENTRAL, 'has a broken directory')
    const flags = view.getUint16(at + 8, true)
    const method = view.getUint16(at + 10, true)
    const packed = view.getUint32(at + 20, true)
    const size = view.getUint32(at + 24, true)
    const nameSize = view.getUint16(at + 28, true)
    const local = view.getUint32(at + 42, true)
    const path = utf8.decode(new Uint8Array(bytes, at + 46, nameSize))
    at += 46 + nameSize + view.getUint16(at + 30, true) + view.getUint16(at + 32, true)
    if (path.endsWith('/')) continue
    need(isSafePath(path) && !found.has(path), `${path} is a bad or repeated name`)
    need((flags & 1) === 0 && (method === STORED || method === DEFLATED), `${path} is encrypted, or packed in another way`)
    need(method === DEFLATED || packed === size, `${path} has two sizes`)
    total += size
    need(total <= MAX_UNPACKED, `unpacks to more than ${MAX_UNPACKED} bytes`)
    need(view.getUint32(local, true) === LOCAL, `${path} has a broken header`)
    const data = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true)
    found.set(path, { path, size, packed: new Uint8Array(bytes, data, packed), deflated: method === DEFLATED })
  }
  return [...found.values()]
}

function endRecord(view: DataView): number {
  const last = view.byteLength - END_SIZE
  for (let at = last; at >= Math.max(0, last - MAX_COMMENT); at--) {
    if (view.getUint32(at, true) === END && view.getUint16(at + 20, true) === last - at) return at
  }
  return -1
}

/** A file's bytes, a copy; never more of them than the directory says. */
export async function unpack({ path, size, packed, deflated }: ZipEntry): Promise<ArrayBuffer> {
  if (!deflated) return packed.slice().buffer
  const whole = new Uint8Array(size)
  let at = 0
  const wrong = (): PackageError => new PackageError('archive', path, 'is damaged: it cannot be unpacked')
  const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      if (at + value.byteLength > size) throw wrong()
      whole.set(value, at)
      at += value.byteLength
    }
  } catch {
    void reader.cancel().catch(() => undefined)
    throw wrong()
  }
  if (at !== size) throw wrong()
  return whole.buffer
}
