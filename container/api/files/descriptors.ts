/** Open files: FileSystemManager.open, read, write, fstat, ftruncate, close. */
import { fail } from '../kit'
import { encode } from './encoding'
import { badDescriptor, outOfRange } from './errors'
import { normalise } from './paths'
import { stats } from './stats'
import type { UserFiles } from './user-files'

interface OpenFile {
  path: string
  flag: Flag
  position: number
}

interface Flag {
  read: boolean
  write: boolean
  append: boolean
  truncate: boolean
  create: boolean
  exclusive: boolean
}

/** One program never needs more at a time; unbounded growth would be a leak. */
const MAX_OPEN = 256

/** The flags of Node.js: r, r+, w, wx, w+, wx+, a, ax, a+, ax+, as, as+. */
export function parseFlag(text: string): Flag {
  const parts = /^(r|w|a)(x|s)?(\+)?$/.exec(text)
  if (!parts || (parts[1] === 'r' && parts[2]) || (parts[1] === 'w' && parts[2] === 's'))
    throw fail('invalid flag', 1302003)
  const [, mode, extra, plus] = parts
  return {
    read: mode === 'r' || plus === '+',
    write: mode !== 'r' || plus === '+',
    append: mode === 'a',
    truncate: mode === 'w',
    create: mode !== 'r',
    exclusive: extra === 'x',
  }
}

export class Descriptors {
  private readonly opened = new Map<string, OpenFile>()
  private next = 3

  constructor(
    private readonly files: UserFiles,
    private readonly bytesOf: (path: string, detail: string) => Uint8Array,
  ) {}

  open({ filePath, flag = 'r' }: { filePath: string; flag?: string }): { fd: string } {
    const parsed = parseFlag(flag)
    if (this.opened.size >= MAX_OPEN) throw fail('excced max concurrent fd limit', 1302002)
    const exists = this.files.get(normalise(filePath))?.data !== undefined
    if (exists && parsed.exclusive) throw fail(`file already exists ${filePath}`, 1301005)
    if (parsed.truncate || (parsed.create && !exists)) this.files.write(filePath, new Uint8Array(0))
    else this.bytesOf(filePath, `open "${filePath}"`)
    const fd = String(this.next++)
    this.opened.set(fd, { path: filePath, flag: parsed, position: 0 })
    return { fd }
  }

  close({ fd }: { fd: string }): void {
    this.file(fd)
    this.opened.delete(fd)
  }

  read({ fd, arrayBuffer, offset = 0, length, position }: any): { bytesRead: number; arrayBuffer: ArrayBuffer } {
    const file = this.file(fd)
    if (!file.flag.read) throw fail('fail permission denied', 1302001)
    if (!(arrayBuffer instanceof ArrayBuffer)) throw fail('array buffer does not exist', 1302005)
    if (offset < 0 || offset > arrayBuffer.byteLength) throw outOfRange('offset')
    const wanted = length ?? 0
    if (wanted < 0 || offset + wanted > arrayBuffer.byteLength) throw outOfRange('length')
    const start = typeof position === 'number' ? position : file.position
    if (start < 0) throw outOfRange('position')
    const part = this.content(file).subarray(start, start + wanted)
    new Uint8Array(arrayBuffer).set(part, offset)
    if (typeof position !== 'number') file.position += part.length
    return { bytesRead: part.length, arrayBuffer }
  }

  write({ fd, data, offset = 0, length, encoding = 'utf8', position }: any): { bytesWritten: number } {
    const file = this.file(fd)
    if (!file.flag.write) throw fail('fail permission denied', 1302001)
    let bytes = encode(data, encoding)
    if (typeof data !== 'string') {
      if (offset < 0 || offset > bytes.length) throw outOfRange('offset')
      if (length !== undefined && (length < 0 || offset + length > bytes.length)) throw outOfRange('length')
      bytes = bytes.subarray(offset, length === undefined ? undefined : offset + length)
    }
    const old = this.content(file)
    const start = file.flag.append ? old.length : typeof position === 'number' ? position : file.position
    const result = new Uint8Array(Math.max(old.length, start + bytes.length))
    result.set(old)
    result.set(bytes, start)
    this.files.write(file.path, result)
    if (typeof position !== 'number') file.position = start + bytes.length
    return { bytesWritten: bytes.length }
  }

  fstat({ fd }: { fd: string }): { stats: WechatMiniprogram.Stats } {
    const file = this.file(fd)
    return { stats: stats(this.content(file).length, this.files.get(normalise(file.path))?.modified ?? 0, false) }
  }

  ftruncate({ fd, length = 0 }: { fd: string; length?: number }): void {
    const file = this.file(fd)
    if (!file.flag.write) throw fail('fail permission denied', 1302001)
    if (!Number.isInteger(length) || length < 0) throw outOfRange('length')
    const resized = new Uint8Array(length)
    resized.set(this.content(file).subarray(0, length))
    this.files.write(file.path, resized)
  }

  private content(file: OpenFile): Uint8Array {
    return this.bytesOf(file.path, `open "${file.path}"`)
  }

  private file(fd: string): OpenFile {
    const file = this.opened.get(fd)
    if (!file) throw badDescriptor()
    return file
  }
}
