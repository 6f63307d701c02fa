/** manifest.json of docs/package-format.md, read strictly: whatever passes can be used without further checks. */
import type { WireObject } from '../../bridge/messages'
import { PackageError } from './error'
import { isSafePath } from './zip'

/** The platform version this container implements; packages name the oldest one they can run on. */
export const PLATFORM_VERSION = 1
/** A program of the counted forty has at most 4,000 files and 30 MB. */
const MAX_FILES = 50_000
export const MAX_PACKAGE_BYTES = 256 * 1024 * 1024
export const MAX_MANIFEST_BYTES = 8 * 1024 * 1024

export type DomainKind = 'request' | 'upload' | 'download' | 'socket' | 'media'
export const DOMAIN_KINDS: readonly DomainKind[] = ['request', 'upload', 'download', 'socket', 'media']
export type Domains = { readonly [kind in DomainKind]?: readonly string[] }

export interface FileEntry {
  path: string
  size: number
  sha256: string
}

export interface PackageEntry extends Omit<FileEntry, 'path'> {
  name: string
  root: string
  independent: boolean
  /** the archive's name beside the manifest */
  file: string
  files: FileEntry[]
}

export interface Manifest {
  appId: string
  name: string
  description: string
  version: { name: string; code: number }
  icon: string | undefined
  pages: string[]
  permissions: { name: string; reason: string }[]
  domains: Domains | null
  /** of a gateway, that the program may call; `*` at the end stands for all that begin so */
  operations: string[] | null
  packages: PackageEntry[]
  /** as in the file; goes to the frame */
  json: WireObject
}

export function parseManifest(bytes: ArrayBuffer): Manifest {
  if (bytes.byteLength > MAX_MANIFEST_BYTES) throw new PackageError('manifest', 'manifest.json', 'is too large')
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new PackageError('manifest', 'manifest.json', 'is not JSON')
  }
  const top = new Field(json, '').record()
  const format = top('format').value
  if (format !== 1)
    throw new PackageError('version', 'manifest.json', `has format ${String(format)}; this phone reads 1`)
  const minimum = top('platform_version').record()('min_code').count()
  if (minimum > PLATFORM_VERSION) {
    throw new PackageError(
      'version',
      'manifest.json',
      `needs platform version ${minimum}; this phone has ${PLATFORM_VERSION}`,
    )
  }
  const version = top('version').record()
  const packages = top('packages').list(readPackage)
  const files = packages.reduce((sum, one) => sum + one.files.length, 0)
  const fault = packages[0]?.name !== 'main' ? 'packages must begin with main'
    : new Set(packages.map((one) => one.name)).size !== packages.length ? 'packages has a name twice'
    : files > MAX_FILES ? `packages has more than ${MAX_FILES} files`
    : undefined
  if (fault) throw new PackageError('manifest', 'manifest.json', fault)
  const icons = top('icons').optional((field) => field.list((icon) => icon.record()('src').text()))
  return {
    appId: top('app_id').text(1),
    name: top('name').text(),
    description: top('description').optional((field) => field.text()) ?? '',
    version: { name: version('name').text(), code: version('code').count() },
    icon: icons?.[0],
    pages: top('pages').list((page) => page.text(1)),
    permissions: top('req_permissions').optional((field) => field.list((entry) => {
      const permission = entry.record()
      return { name: permission('name').text(1), reason: permission('reason').optional((field) => field.text()) ?? '' }
    })) ?? [],
    domains: readDomains(top('domains')),
    operations: top('operations').optional((field) => field.list((operation) => operation.text(1))) ?? null,
    packages,
    json: json as WireObject,
  }
}

function readPackage(field: Field): PackageEntry {
  const entry = field.record()
  const files = entry('files').list(readFile)
  const paths = new Set(files.map((file) => file.path))
  if (paths.size !== files.length) entry('files').wrong('has a path twice')
  const file = entry('file').text(1)
  if (!isSafePath(file) || file.includes('/')) entry('file').wrong('must be a file name')
  const size = entry('size').count()
  if (size > MAX_PACKAGE_BYTES) entry('size').wrong('is too large')
  return {
    name: entry('name').text(1), root: entry('root').text(), independent: entry('independent').flag(),
    file, size, sha256: entry('sha256').hash(), files,
  }
}

function readFile(field: Field): FileEntry {
  const entry = field.record()
  const path = entry('path').text(1)
  if (!isSafePath(path)) entry('path').wrong('must be relative')
  return { path, size: entry('size').count(), sha256: entry('sha256').hash() }
}

function readDomains(field: Field): Domains | null {
  if (field.value === null || field.value === undefined) return null
  const entry = field.record()
  const domains: { [kind in DomainKind]?: string[] } = {}
  for (const kind of DOMAIN_KINDS) {
    const list = entry(kind).optional((one) => one.list((domain) => domain.text(1)))
    if (list) domains[kind] = list
  }
  return domains
}

/** A value of the manifest and the way to it, for messages. */
class Field {
  constructor(readonly value: unknown, private readonly path: string) {}

  wrong(detail: string): never {
    throw new PackageError('manifest', 'manifest.json', `${this.path || 'the file'} ${detail}`)
  }

  record(): (key: string) => Field {
    const { value } = this
    if (typeof value !== 'object' || value === null || Array.isArray(value)) this.wrong('must be an object')
    return (key) =>
      new Field(
        Object.hasOwn(value as object, key) ? (value as WireObject)[key] : undefined,
        this.path ? `${this.path}.${key}` : key,
      )
  }

  list<T>(read: (field: Field) => T): T[] {
    if (!Array.isArray(this.value) || this.value.length > MAX_FILES) this.wrong('must be a list')
    return (this.value as unknown[]).map((value, index) => read(new Field(value, `${this.path}[${index}]`)))
  }

  optional<T>(read: (field: Field) => T): T | undefined {
    return this.value === undefined || this.value === null ? undefined : read(this)
  }

  text(least = 0): string {
    if (typeof this.value !== 'string' || this.value.length < least) this.wrong('must be a text')
    return this.value as string
  }

  count(): number {
    if (!Number.isSafeInteger(this.value) || (this.value as number) < 0) this.wrong('must be a whole number')
    return this.value as number
  }

  flag(): boolean {
    if (typeof this.value !== 'boolean') this.wrong('must be true or false')
    return this.value as boolean
  }

  hash(): string {
    const text = this.text()
    if (!/^[0-9a-f]{64}$/.test(text)) this.wrong('must be a SHA-256 in lower-case hex')
    return text
  }
}
