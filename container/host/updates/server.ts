/** The device side of one workspace's server, over fetch. Bodies are bounded: a server can be slow or hostile. */
import { readBounded } from '../read'
import { parseAnswer, WireError, type CheckAnswer, type CheckRequest, type ReportBatch } from './wire'

/** Not reachable, or it answered with an error: nothing was learned. */
export class ServerError extends Error {
  constructor(readonly status: number, detail: string) {
    super(detail)
    this.name = 'ServerError'
  }
}

const MAX_ANSWER = 4 * 1024 * 1024
/** ms; a check that takes longer is given up: the program starts with what is there */
const CHECK_TIMEOUT = 10_000
/** ms without a byte: a connection that is silent for longer was lost without a word, as those of phones often are */
const SILENCE = 30_000
/** The bytes as they are: past the browser's cache, its dictionaries and every compressed form on the server. */
const PLAIN: RequestInit = { cache: 'no-store', headers: { range: 'bytes=0-' } }

type Bytes = Uint8Array<ArrayBuffer>
export type Progress = (loaded: number, total: number) => void

/** A file of a program's version, as signed metadata names it. */
export interface Target {
  key: string
  code: number
  file: string
  sha256: string
  /** bytes */
  size: number
}

type Verify = (bytes: Bytes) => Promise<void>

export class DeviceServer {
  /** `url` is the workspace's device address, `https://HOST/device/v1/WORKSPACE/`. */
  constructor(readonly url: string, private readonly fetch: typeof globalThis.fetch) {}

  address(path: string): string { return new URL(path, this.url).href }

  async check(request: CheckRequest): Promise<CheckAnswer> {
    const bytes = await this.ask('check', post(request), (response) => readBounded(response, MAX_ANSWER), CHECK_TIMEOUT)
    try {
      return parseAnswer(JSON.parse(new TextDecoder().decode(bytes)))
    } catch (error) {
      throw error instanceof WireError ? error : new WireError('no JSON')
    }
  }

  /** `keepalive`: goes out although the page is being closed. */
  async report(batch: ReportBatch, keepalive = false): Promise<void> {
    await this.ask('reports', { ...post(batch), keepalive }, async (response) => response.body?.cancel())
  }

  /**
   * A version's file that passes `verify`. What does not, or breaks off, is fetched once more in its plainest form:
   * these files never change, so a damaged one would stay in a cache, and be a dictionary, for ever.
   */
  async target(target: Target, verify: Verify, progress?: Progress): Promise<Bytes> {
    const load = async (init: RequestInit): Promise<Bytes> => {
      const bytes = await this.ask(address(target), init, (response, alive) =>
        readBounded(response, target.size, (loaded, total) => { alive(); progress?.(loaded, total) }))
      await verify(bytes)
      return bytes
    }
    return load({}).catch((error: unknown) => {
      // the server has spoken
      if (error instanceof ServerError && error.status) throw error
      return load(PLAIN)
    })
  }

  /**
   * The same by a compression dictionary, which browsers that know them use by themselves. Undefined when the server
   * begins to send the whole file, or anything is wrong: there are other ways.
   */
  async targetByDelta(target: Target, verify: Verify, progress?: Progress): Promise<Bytes | undefined> {
    try {
      const bytes = await this.ask(address(target), {}, async (response, alive) => {
        if (response.headers.get('etag')?.includes('.dcz.')) {
          return readBounded(response, target.size, (loaded, total) => { alive(); progress?.(loaded, total) })
        }
        await response.body?.cancel()
        return undefined
      })
      if (bytes) await verify(bytes)
      return bytes
    } catch {
      return undefined
    }
  }

  /** From an archive that the phone has to one that it wants; undefined when a full download is the better way. */
  async delta(base: string, target: string, limit: number): Promise<Bytes | undefined> {
    return this.ask(`deltas/${base}/${target}`, {}, async (response, alive) =>
      (response.status === 404 ? undefined : readBounded(response, limit, alive)), SILENCE, [404])
  }

  /** Ask, and read the answer with `read`; given up after `patience` ms in which it did not call `alive`. */
  private async ask<T>(
    path: string, init: RequestInit, read: (response: Response, alive: () => void) => Promise<T>, patience = SILENCE,
    also: number[] = [],
  ): Promise<T> {
    const abort = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const alive = (): void => {
      clearTimeout(timer)
      timer = setTimeout(() => abort.abort(new Error(`no answer in ${patience / 1000} s`)), patience)
    }
    alive()
    try {
      const response = await this.fetch(this.address(path), { credentials: 'omit', ...init, signal: abort.signal })
      if (response.ok || also.includes(response.status)) return await read(response, alive)
      await response.body?.cancel()
      throw new ServerError(response.status, `the server answered ${response.status}`)
    } catch (error) {
      if (error instanceof ServerError) throw error
      throw new ServerError(0, error instanceof Error ? error.message : 'not reachable')
    } finally {
      clearTimeout(timer)
    }
  }
}

const post = (body: unknown): RequestInit =>
  ({ method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } })

const address = ({ key, code, sha256, file }: Target): string =>
  `targets/apps/${encodeURIComponent(key)}/${code}/${sha256}.${encodeURIComponent(file)}`
