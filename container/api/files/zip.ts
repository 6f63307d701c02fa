/** Reading ZIP archives (APPNOTE 6.3: central directory, stored and deflated entries). */
import { fail } from '../kit'

export interface ZipEntry {
  path: string
  directory: boolean
  read(): Promise<Uint8Array>
}

const END_OF_DIRECTORY = 0x06054b50
const DIRECTORY_ENTRY = 0x02014b50
const UTF8_FLAG = 0x0800

export function zipEntries(bytes: Uint8Array): ZipEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  try {
    const end = endOfDirectory(view)
    const entries: ZipEntry[] = []
    let at = view.getUint32(end + 16, true)
    for (let left = view.getUint16(end + 10, true); left > 0; left--) {
      if (view.getUint32(at, true) !== DIRECTORY_ENTRY) throw fail('unzip open file fail', 1301102)
      const nameLength = view.getUint16(at + 28, true)
      const name = bytes.subarray(at + 46, at + 46 + nameLength)
      const utf8 = (view.getUint16(at + 8, true) & UTF8_FLAG) !== 0
      entries.push(entry(bytes, view, at, decodeName(name, utf8)))
      at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true)
    }
    return entries
  } catch {
    throw fail('unzip open file fail', 1301102)
  }
}

function endOfDirectory(view: DataView): number {
  const earliest = Math.max(0, view.byteLength - 22 - 0xffff)
  for (let at = view.byteLength - 22; at >= earliest; at--) {
    if (view.getUint32(at, true) === END_OF_DIRECTORY) return at
  }
  throw fail('unzip open file fail', 1301102)
}

/** Names without the UTF-8 flag come from Chinese systems far more often than from others. */
const decodeName = (name: Uint8Array, utf8: boolean): string => {
  if (utf8) return new TextDecoder().decode(name)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(name)
  } catch {
    return new TextDecoder('gbk').decode(name)
  }
}

function entry(bytes: Uint8Array, view: DataView, at: number, path: string): ZipEntry {
  const method = view.getUint16(at + 10, true)
  const size = view.getUint32(at + 20, true)
  const header = view.getUint32(at + 42, true)
  return {
    path,
    directory: path.endsWith('/'),
    async read() {
      const start = header + 30 + view.getUint16(header + 26, true) + view.getUint16(header + 28, true)
      const data = bytes.subarray(start, start + size)
      if (method === 0) return data
      if (method !== 8) throw fail('unzip entry fail', 1301103)
      try {
        return await inflate(data)
      } catch {
        throw fail('unzip entry fail', 1301103)
      }
    },
  }
}

async function inflate(data: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([data as BlobPart]).stream().pipeThrough(new DecompressionStream('deflate-raw'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}
