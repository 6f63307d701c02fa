/** Paths a program may write → URLs an element can load; package files, temporary files, the web. */
import type { Files } from './context'
import { normalize } from './loader'

const TYPES: { [extension: string]: string } = {
  png: 'image/png', jpg: 'image/jpeg', jpeg: 'image/jpeg', gif: 'image/gif', webp: 'image/webp', svg: 'image/svg+xml',
  bmp: 'image/bmp', ico: 'image/x-icon', avif: 'image/avif', mp3: 'audio/mpeg', m4a: 'audio/mp4', aac: 'audio/aac',
  wav: 'audio/wav', ogg: 'audio/ogg', mp4: 'video/mp4', webm: 'video/webm', ttf: 'font/ttf', otf: 'font/otf',
  woff: 'font/woff', woff2: 'font/woff2', json: 'application/json', txt: 'text/plain', html: 'text/html',
  pdf: 'application/pdf',
}

export const mimeOf = (path: string): string => TYPES[path.slice(path.lastIndexOf('.') + 1).toLowerCase()] ?? 'application/octet-stream'

const TEMP = /^(?:https?:\/\/tmp\/|wxfile:\/\/(?:tmp|usr|store)[/_])/

export class ProgramFiles implements Files {
  private urls = new Map<string, string>()
  private own = new Map<string, Blob>()
  private bytes = new Map<string, Uint8Array>()
  private mounts: { prefix: string; read: (path: string) => Uint8Array | undefined }[] = []
  private next = 1

  constructor(private readonly packageFile: (path: string) => ArrayBuffer | undefined) {}

  url(path: string, base = ''): string {
    if (!path || /^(?:data|blob|https?|file):/i.test(path) && !TEMP.test(path)) return path ?? ''
    if (path.startsWith('//')) return `https:${path}`
    const key = TEMP.test(path) ? path : this.packagePath(path, base)
    const known = this.urls.get(key)
    if (known) return known
    const blob = this.ownBlob(key) ?? this.packageBlob(key)
    // An address that cannot load: elements then fire `error`, as for a missing file on WeChat.
    if (!blob) return `data:,missing:${encodeURIComponent(key)}`
    const url = URL.createObjectURL(blob)
    // A mounted file may change under its path; its URL is made anew each time.
    if (this.own.has(key) || !TEMP.test(key)) this.urls.set(key, url)
    return url
  }

  read(path: string, base = ''): Uint8Array | undefined {
    const own = this.bytes.get(path) ?? this.mounted(path)
    if (own) return own
    const buffer = this.packageFile(this.packagePath(path, base))
    return buffer && new Uint8Array(buffer)
  }

  addTemp(data: Uint8Array, extension: string): string {
    const suffix = extension.replace(/^\.?/, '.')
    const path = `http://tmp/${Date.now().toString(36)}${(this.next++).toString(36).padStart(4, '0')}${suffix}`
    this.own.set(path, new Blob([data as BlobPart], { type: mimeOf(path) }))
    this.bytes.set(path, data)
    return path
  }

  blob(path: string): Blob | undefined {
    return this.ownBlob(path) ?? this.packageBlob(this.packagePath(path, ''))
  }

  remove(path: string): boolean {
    const url = this.urls.get(path)
    if (url) URL.revokeObjectURL(url)
    this.urls.delete(path)
    this.bytes.delete(path)
    return this.own.delete(path)
  }

  mount(prefix: string, read: (path: string) => Uint8Array | undefined): void {
    this.mounts.push({ prefix, read })
  }

  private mounted(path: string): Uint8Array | undefined {
    return this.mounts.find(({ prefix }) => path.startsWith(prefix))?.read(path)
  }

  private ownBlob(path: string): Blob | undefined {
    const own = this.own.get(path)
    if (own) return own
    const bytes = this.mounted(path)
    return bytes && new Blob([bytes as BlobPart], { type: mimeOf(path) })
  }

  private packagePath(path: string, base: string): string {
    return normalize(path.startsWith('/') ? path : base + path)
  }

  private packageBlob(path: string): Blob | undefined {
    const buffer = this.packageFile(path) ?? this.packageFile(path.replace(/[?#].*$/, ''))
    return buffer && new Blob([buffer], { type: mimeOf(path.replace(/[?#].*$/, '')) })
  }
}
