/** Paths of the file system that a program sees. Pure. */

/** Root of the program's own files. */
export const USER_ROOT = 'wxfile://usr'
/** Saved files have names of ours, at the top level. */
export const SAVED_PREFIX = 'wxfile://store_'
/** Everything that is kept between starts begins with this. */
export const KEPT_PREFIX = 'wxfile://'

/** Collapse "//", "." and "..", drop a trailing "/"; the scheme stays. `..` does not leave the root. */
export function normalise(path: string): string {
  const scheme = /^[a-z]+:\/\//i.exec(path)?.[0] ?? ''
  const parts: string[] = []
  for (const part of path.slice(scheme.length).split('/')) {
    if (part === '..') {
      if (parts.length > 1) parts.pop()
    } else if (part !== '' && part !== '.') parts.push(part)
  }
  return scheme + parts.join('/')
}

export const isUserPath = (path: string): boolean => path === USER_ROOT || path.startsWith(`${USER_ROOT}/`)
export const isSavedPath = (path: string): boolean => path.startsWith(SAVED_PREFIX)
export const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/'))
export const fileName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** "png" of "a/b.png"; empty when there is none. */
export function extensionOf(path: string): string {
  const name = fileName(path).split(/[?#]/)[0]!
  const dot = name.lastIndexOf('.')
  return dot > 0 ? name.slice(dot + 1).toLowerCase() : ''
}
