/** Metadata and targets over HTTP, never more than asked for. */
import { TrustError } from './error'
import type { Bytes, Fetcher } from './updater'

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
        if (answer.ok) return await read(answer, maxLength, path)
        await answer.body?.cancel()
        if (ABSENT.includes(answer.status)) return undefined
        throw new Error(`${url}: the server answered ${answer.status}`)
      } finally {
        clearTimeout(timer)
      }
    },
  }
}

async function read(answer: Response, maxLength: number, path: string): Promise<Bytes> {
  const chunks: Bytes[] = []
  let length = 0
  const reader = answer.body?.getReader()
  for (let part = await reader?.read(); part?.value; part = await reader!.read()) {
    length += part.value.byteLength
    if (length > maxLength) {
      await reader!.cancel()
      throw new TrustError('length', path, `is longer than ${maxLength} bytes`)
    }
    chunks.push(part.value)
  }
  const bytes = new Uint8Array(length)
  chunks.reduce((at, chunk) => (bytes.set(chunk, at), at + chunk.byteLength), 0)
  return bytes
}
