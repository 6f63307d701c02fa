/** What a program keeps between starts: storage values and its own files, in the program's value store. */
import type { Boot, WireObject } from '../../bridge/messages'
import { object, texts } from './arguments'
import { fail } from './types'
import type { Capability, ValueStore } from './types'

export const STORAGE = 'storage/'
const FILE = 'file/'

/** The frame counts its own files and stops at 50 MB; this is the host's own bound for one write. */
const MAX_WRITE = 64 * 1024 * 1024

/** `{set: {key: JSON text}, remove: [key]}` */
export const storageWrite: Capability = async ({ args, store }) => {
  const changes = new Map<string, unknown>()
  for (const key of texts(args, 'remove')) changes.set(STORAGE + key, undefined)
  for (const [key, json] of Object.entries(object(args, 'set'))) {
    if (typeof json === 'string') changes.set(STORAGE + key, json)
  }
  await store.write(changes)
  return {}
}

/** `{set: {path: {data, modified}}, remove: [path]}`; a path ending in "/" is a folder. */
export const fileWrite: Capability = async ({ args, store }) => {
  const changes = new Map<string, unknown>()
  let size = 0
  for (const path of texts(args, 'remove')) changes.set(FILE + path, undefined)
  for (const [path, entry] of Object.entries(object(args, 'set'))) {
    const { data, modified } = entry as WireObject
    if (!path.startsWith('wxfile://') || !(data instanceof ArrayBuffer) || typeof modified !== 'number') {
      throw fail('permission denied', 1300013)
    }
    size += data.byteLength
    changes.set(FILE + path, { data, modified })
  }
  if (size > MAX_WRITE) throw fail('the maximum size of the file storage limit is exceeded', 1300202)
  await store.write(changes)
  return {}
}

const withoutPrefix = <T>(entries: [string, T][], prefix: string): { [key: string]: T } =>
  Object.fromEntries(entries.map(([key, value]) => [key.slice(prefix.length), value]))

/** Boot's `storage` and `userFiles`. */
export async function kept(store: ValueStore): Promise<Pick<Boot, 'storage'> & Required<Pick<Boot, 'userFiles'>>> {
  const [storage, files] = await Promise.all([
    store.entries<string>(STORAGE),
    store.entries<{ data: ArrayBuffer; modified: number }>(FILE),
  ])
  return { storage: withoutPrefix(storage, STORAGE), userFiles: withoutPrefix(files, FILE) }
}
