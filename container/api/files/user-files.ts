/**
 * The program's own files (wxfile://usr/…) and saved files (wxfile://store_…): in memory, so that the synchronous
 * functions work; the host keeps them, by `fileWrite` calls that follow each change.
 */
import type { Runtime } from '../../runtime/context'
import type { WireObject } from '../../bridge/messages'
import { toBuffer } from './encoding'
import {
  alreadyExists,
  denied,
  isDirectory,
  noSuchFile,
  notDirectory,
  notEmpty,
  notPermitted,
  storageFull,
} from './errors'
import { isSavedPath, isUserPath, KEPT_PREFIX, normalise, parentOf, SAVED_PREFIX, USER_ROOT } from './paths'

/** WeChat gives 200 MB; all of ours is in memory while the program runs. */
export const USER_FILES_LIMIT = 50 * 1024 * 1024

interface Entry {
  /** undefined: a folder */
  data: Uint8Array | undefined
  /** milliseconds */
  modified: number
}

export class UserFiles {
  private readonly entries = new Map<string, Entry>([[USER_ROOT, { data: undefined, modified: 0 }]])
  private readonly changed = new Set<string>()
  private size = 0
  private saved = 0

  constructor(private readonly rt: Pick<Runtime, 'boot' | 'call' | 'files'>) {
    for (const [path, { data, modified }] of Object.entries(rt.boot.userFiles ?? {})) {
      if (path.endsWith('/')) this.entries.set(path.slice(0, -1), { data: undefined, modified })
      else {
        this.entries.set(path, { data: new Uint8Array(data), modified })
        this.size += data.byteLength
      }
    }
    rt.files.mount(KEPT_PREFIX, (path) => this.entries.get(normalise(path))?.data)
  }

  get(path: string): Entry | undefined {
    return this.entries.get(path)
  }

  /** Names directly in a folder, in order. */
  list(path: string): string[] {
    const prefix = `${path}/`
    return [...this.entries.keys()]
      .filter((one) => one.startsWith(prefix) && !one.slice(prefix.length).includes('/'))
      .map((one) => one.slice(prefix.length))
      .sort()
  }

  /** Every path below a folder. */
  below(path: string): string[] {
    return [...this.entries.keys()].filter((one) => one.startsWith(`${path}/`)).sort()
  }

  savedFiles(): { filePath: string; size: number; createTime: number }[] {
    return [...this.entries].flatMap(([filePath, { data, modified }]) =>
      isSavedPath(filePath) && data ? [{ filePath, size: data.length, createTime: Math.floor(modified / 1000) }] : [])
  }

  /** Create or replace a file. */
  write(path: string, data: Uint8Array): void {
    const target = this.writable(path, 'open')
    const old = this.entries.get(target)
    if (old && !old.data) throw isDirectory(`open "${path}"`)
    const size = this.size - (old?.data?.length ?? 0) + data.length
    if (size > USER_FILES_LIMIT) throw storageFull()
    this.size = size
    this.put(target, data)
  }

  /** Keep a file under a new name of ours; returns its path. */
  save(data: Uint8Array, extension: string): string {
    const name = Date.now().toString(36) + (this.saved++).toString(36)
    const path = `${SAVED_PREFIX}${name}${extension && `.${extension}`}`
    if (this.size + data.length > USER_FILES_LIMIT) throw storageFull()
    this.size += data.length
    this.put(path, data)
    return path
  }

  mkdir(path: string, recursive: boolean): void {
    const target = normalise(path)
    if (!isUserPath(target)) throw denied(`mkdir "${path}"`)
    if (this.entries.has(target)) {
      if (recursive && !this.entries.get(target)!.data) return
      throw alreadyExists(path)
    }
    const parent = parentOf(target)
    if (recursive && !this.entries.has(parent)) this.mkdir(parent, true)
    this.requireFolder(parent, `mkdir "${path}"`)
    this.put(target, undefined)
  }

  rmdir(path: string, recursive: boolean): void {
    const target = normalise(path)
    if (!isUserPath(target) || target === USER_ROOT) throw denied(`rmdir "${path}"`)
    this.requireFolder(target, `rmdir "${path}"`)
    const below = this.below(target)
    if (below.length > 0 && !recursive) throw notEmpty()
    for (const one of [...below, target]) this.drop(one)
  }

  unlink(path: string): void {
    const target = normalise(path)
    const entry = this.entries.get(target)
    if (!entry) throw noSuchFile(`unlink "${path}"`)
    if (!entry.data) throw notPermitted(`unlink "${path}"`)
    this.drop(target)
  }

  /** Move a file or a folder with all it holds. */
  rename(from: string, to: string): void {
    const source = normalise(from)
    const target = this.writable(to, 'rename')
    const entry = this.entries.get(source)
    if (!entry) throw noSuchFile(`rename "${from}" -> "${to}"`)
    if (target === source) return
    if (target.startsWith(`${source}/`)) throw notPermitted(`rename "${from}" -> "${to}"`)
    const existing = this.entries.get(target)
    if (existing && (!existing.data || !entry.data)) throw alreadyExists(to)
    if (existing) this.drop(target)
    for (const path of [source, ...this.below(source)]) {
      const { data } = this.entries.get(path)!
      this.put(target + path.slice(source.length), data)
      this.size += data?.length ?? 0
      this.drop(path)
    }
  }

  private writable(path: string, verb: string): string {
    const target = normalise(path)
    if (!isUserPath(target) && !this.entries.has(target)) throw denied(`${verb} "${path}"`)
    if (isUserPath(target) && target !== USER_ROOT) this.requireFolder(parentOf(target), `${verb} "${path}"`)
    return target
  }

  private requireFolder(path: string, detail: string): void {
    const entry = this.entries.get(path)
    if (!entry) throw noSuchFile(detail)
    if (entry.data) throw notDirectory(detail)
  }

  private put(path: string, data: Uint8Array | undefined): void {
    this.entries.set(path, { data, modified: Date.now() })
    this.mark(path)
  }

  private drop(path: string): void {
    this.size -= this.entries.get(path)?.data?.length ?? 0
    this.entries.delete(path)
    this.mark(path)
  }

  /** Changes of one turn go to the host together. */
  private mark(path: string): void {
    if (this.changed.size === 0) queueMicrotask(() => this.flush())
    this.changed.add(path)
  }

  private flush(): void {
    const set: WireObject = {}
    const remove: string[] = []
    for (const path of this.changed) {
      const entry = this.entries.get(path)
      if (!entry) remove.push(path, `${path}/`)
      else if (entry.data) set[path] = { data: toBuffer(entry.data), modified: entry.modified }
      else set[`${path}/`] = { data: new ArrayBuffer(0), modified: entry.modified }
    }
    this.changed.clear()
    // The file stays usable in this session; a full disk shows when the program starts again.
    void this.rt.call('fileWrite', { set, remove }).catch(() => undefined)
  }
}

const instances = new WeakMap<object, UserFiles>()

/** The user files of this runtime. */
export function userFiles(rt: Runtime): UserFiles {
  let files = instances.get(rt)
  if (!files) instances.set(rt, (files = new UserFiles(rt)))
  return files
}
