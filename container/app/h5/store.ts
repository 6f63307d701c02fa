/**
 * What a program's origin keeps, in Cache Storage, shared by the shell (which writes versions) and the service worker
 * (which serves them): one cache per version, complete when its description is in it, and one cache for ourselves.
 * The program can write here, too: it is its own origin, and nobody else reads it.
 */
import { normal } from './files'
import { RESERVED, type H5 } from './wire'

/** the shell's own files, which version runs, which page has which */
export const OURS = 'eden-h5'
const VERSION = 'eden-h5 '
const DESCRIPTION = `${RESERVED}version`
const ACTIVE = `${RESERVED}active`

export interface Version {
  id: string
  h5: H5
  /** origins of the platform, whose pages may frame the program */
  platforms: string[]
}

interface Active {
  id: string
  previous?: string
}

/** One address per name, whatever is in it. */
const fileKey = (name: string): string => `/${encodeURIComponent(normal(name))}`

export const openFiles = (id: string): Promise<Cache> => caches.open(VERSION + id)

export const readFile = async (files: Cache, name: string): Promise<Response | undefined> =>
  files.match(fileKey(name))

export const writeFile = (files: Cache, name: string, type: string, bytes: ArrayBuffer): Promise<void> =>
  files.put(fileKey(name), new Response(bytes, { headers: { 'content-type': type } }))

/** A complete version's description. */
export async function readVersion(id: string): Promise<Version | undefined> {
  if (!await caches.has(VERSION + id)) return undefined
  return (await openFiles(id)).match(DESCRIPTION).then((found) => found?.json() as Promise<Version> | undefined)
}

/** The version is complete. */
export const writeVersion = async (version: Version): Promise<void> =>
  (await openFiles(version.id)).put(DESCRIPTION, json(version))

const json = (value: unknown): Response => new Response(JSON.stringify(value))

/** Begin again with nothing. */
export const forget = (id: string): Promise<boolean> => caches.delete(VERSION + id)

export async function readJson<T>(key: string): Promise<T | undefined> {
  return (await (await caches.open(OURS)).match(key))?.json() as Promise<T> | undefined
}

export const writeJson = async (key: string, value: unknown): Promise<void> =>
  (await caches.open(OURS)).put(key, json(value))

/** Which version pages that are opened now are of. */
export const activeId = async (): Promise<string | undefined> => (await readJson<Active>(ACTIVE))?.id

/** This version runs from now on; the one before it is kept, all others go. */
export async function activate(id: string): Promise<void> {
  const before = await readJson<Active>(ACTIVE)
  const previous = before?.id === id ? before.previous : before?.id
  await writeJson(ACTIVE, { id, ...(previous !== undefined && { previous }) } satisfies Active)
  for (const name of await caches.keys()) {
    if (name.startsWith(VERSION) && name !== VERSION + id && name !== `${VERSION}${previous}`) await caches.delete(name)
  }
}

/** Make room for a version: all others go. */
export async function makeRoom(id: string): Promise<void> {
  for (const name of await caches.keys()) {
    if (name.startsWith(VERSION) && name !== VERSION + id) await caches.delete(name)
  }
}
