/** Where media comes from: a path of the program, or the web. */
import type { Runtime } from '../../runtime/context'
import { fail } from '../kit'
import { extensionOf, normalise } from '../files/paths'
import { networkTasks } from '../network/tasks'

export interface Media {
  /** a local path; for an address on the web, of the temporary file that was made */
  path: string
  bytes: Uint8Array
}

const isRemote = (source: string): boolean => /^https?:\/\/(?!tmp\/|usr\/)/i.test(source)

const isData = (source: string): boolean => /^data:/i.test(source)

/** Bytes of an image or video; what is on the web is downloaded. */
export async function mediaSource(rt: Runtime, source: string): Promise<Media> {
  if (isRemote(source)) {
    const tasks = networkTasks(rt)
    const { data, extension, statusCode } = await tasks.run(tasks.start('downloadFile'), 'downloadFile', {
      url: source, header: {}, timeout: 60000,
    })
    if (statusCode >= 400) throw fail(`download image fail. reason: ${statusCode}`)
    const bytes = new Uint8Array(data)
    return { bytes, path: rt.files.addTemp(bytes, extension === 'unknown' ? extensionOf(source) || 'jpg' : extension) }
  }
  const path = isData(source) ? source : localPath(rt, source)
  const bytes = isData(source) ? dataBytes(source) : rt.files.read(path)
  if (!bytes) throw fail('file not found')
  return { bytes, path }
}

/** Bytes of a data: URL. */
function dataBytes(url: string): Uint8Array {
  const comma = url.indexOf(',')
  const body = url.slice(comma + 1)
  if (!/;base64$/i.test(url.slice(0, comma))) return new TextEncoder().encode(decodeURIComponent(body))
  return Uint8Array.from(atob(body), (char) => char.charCodeAt(0))
}

/** A path as written: from the program's root or, as pages write it, from the current page's folder. */
export function localPath(rt: Runtime, path: string): string {
  if (/^[a-z]+:/i.test(path) || path.startsWith('/') || rt.files.read(path)) return path
  const base = rt.router.current()?.route.replace(/[^/]*$/, '') ?? ''
  return rt.files.read(path, base) ? normalise(`/${base}${path}`) : path
}

/** A file of the program as a blob. */
export function localBlob(rt: Runtime, path: string): Blob {
  const blob = rt.files.blob(localPath(rt, path))
  if (!blob) throw fail('file not found')
  return blob
}
