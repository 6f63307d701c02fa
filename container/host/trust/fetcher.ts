/** Metadata and targets over HTTP, never more than asked for. */
import { readBounded, TooLong } from '../read'
import { TrustError } from './error'
import type { Fetcher } from './updater'

/** For one file; metadata is small, and a server that sends it drop by drop must not hold an update for ever. */
const TIMEOUT = 30_000
/** Storage services answer 403 for what does not exist if the folder may not be listed. */
const ABSENT = [403, 404, 410]

/**
 * Files below `base`, an absolute address of a folder. Asks past the browser's cache: a timestamp from there would be
 * an old one. Counts unpacked bytes, so a compressed answer cannot grow beyond the limit either.
 */
export function httpFetcher(
  base: string, { request = (url: string, init: RequestInit) => fetch(url, init), timeout = TIMEOUT } = {},
): Fetcher {
  const folder = base.endsWith('/') ? base : `${base}/`
  return {
    async fetch(path, maxLength) {
      const url = folder + path
      const abort = new AbortController()
      const timer = setTimeout(() => abort.abort(new Error(`${url}: no complete answer in ${timeout} ms`)), timeout)
      try {
        const answer = await request(url, { cache: 'no-cache', signal: abort.signal })
        if (answer.ok) return await readBounded(answer, maxLength)
        await answer.body?.cancel()
        if (ABSENT.includes(answer.status)) return undefined
        throw new Error(`${url}: the server answered ${answer.status}`)
      } catch (error) {
        throw error instanceof TooLong ? new TrustError('length', path, `is longer than ${maxLength} bytes`) : error
      } finally {
        clearTimeout(timer)
      }
    },
  }
}
