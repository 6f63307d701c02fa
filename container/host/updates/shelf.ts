/**
 * What a phone keeps of one program, and how versions change places: pure transitions of a small value.
 *
 * At most two versions are kept that have run: the current one and the one before it. A third, `next`, is complete
 * and waits for the next start. A start that reaches its first page is a success; a version whose start fails twice
 * in a row is bad, for good: it gives its place back to the one before. An attempt is written down before the start,
 * so that a version that takes the whole browser down counts as well.
 */

/** A complete version on this phone. */
export interface Kept {
  code: number
  version: string
  /** SHA-256 of manifest.json, under which its bytes are kept */
  manifest: string
  /** SHA-256 of the archives that are there */
  archives: string[]
  /** the release that brought it */
  release?: string
  /** it came by a tester's link */
  trial?: boolean
}

export interface Shelf {
  current?: Kept
  previous?: Kept
  next?: Kept
  /** code → reason, of versions that are never started again */
  bad: { [code: string]: string }
  /** starts of `current` that have not reached a first page, in a row */
  attempts: number
}

/** A version is bad after this many starts in a row without a first page. */
export const MAX_ATTEMPTS = 2
/** codes remembered as bad; older ones are long gone from the server */
const MAX_BAD = 50

export const EMPTY: Shelf = { bad: {}, attempts: 0 }

export const isBad = (shelf: Shelf, code: number): boolean => Object.hasOwn(shelf.bad, String(code))

/** A version is complete and waits for the next start. */
export function stage(shelf: Shelf, version: Kept): Shelf {
  if (version.code === shelf.current?.code && version.manifest === shelf.current.manifest) return unstage(shelf)
  return { ...shelf, next: version }
}

/** What waited shall not be started. */
export function unstage(shelf: Shelf): Shelf {
  if (!shelf.next) return shelf
  const { next: _, ...rest } = shelf
  return rest
}

/** Before a start: the waiting version takes its place. */
export function swap(shelf: Shelf): Shelf {
  const { next, ...rest } = shelf
  if (!next) return shelf
  // going back to the version before makes no way back to the one that is left
  const back = next.code === shelf.previous?.code
  const { previous: _, ...without } = rest
  return {
    ...without, current: next, attempts: 0,
    ...(!back && shelf.current && !isBad(shelf, shelf.current.code) && { previous: shelf.current }),
  }
}

/** A start begins. */
export function attempt(shelf: Shelf): Shelf { return { ...shelf, attempts: shelf.attempts + 1 } }

/** Its first page is there. */
export function succeed(shelf: Shelf): Shelf { return shelf.attempts === 0 ? shelf : { ...shelf, attempts: 0 } }

/** The person left before the first page: nobody's fault. */
export function withdraw(shelf: Shelf): Shelf { return { ...shelf, attempts: Math.max(0, shelf.attempts - 1) } }

/** The current version has failed too often. */
export const exhausted = (shelf: Shelf): boolean => shelf.attempts >= MAX_ATTEMPTS

/** Mark the current version bad; the one before it is current again, if there is one. */
export function condemn(shelf: Shelf, reason: string): Shelf {
  const { current, previous, next, ...rest } = shelf
  if (!current) return shelf
  const bad = Object.entries({ ...shelf.bad, [String(current.code)]: reason }).slice(-MAX_BAD)
  return {
    ...rest, bad: Object.fromEntries(bad), attempts: 0,
    ...(previous && { current: previous }),
    ...(next && next.code !== current.code && { next }),
  }
}

/** The current version's bytes are gone; the one before it is current again, if there is one. */
export function lose({ current: _, previous, ...rest }: Shelf): Shelf {
  return { ...rest, attempts: 0, ...(previous && { current: previous }) }
}

/** No version of this program may stay; what was bad is still known. */
export const remove = ({ bad }: Shelf): Shelf => ({ bad, attempts: 0 })

/** An archive of the current version has arrived. */
export function own(shelf: Shelf, archive: string): Shelf {
  const { current } = shelf
  if (!current || current.archives.includes(archive)) return shelf
  return { ...shelf, current: { ...current, archives: [...current.archives, archive] } }
}

/** Everything that must stay in the store. */
export function used(shelf: Shelf): string[] {
  return [shelf.current, shelf.previous, shelf.next].flatMap((kept) => kept ? [kept.manifest, ...kept.archives] : [])
}

/** Make room: the version that only waits to be gone back to. */
export function forgetPrevious({ previous: _, ...shelf }: Shelf): Shelf { return shelf }
