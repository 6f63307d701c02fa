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
/** A check that takes longer is given up: the program starts with what is there. */
const CHECK_TIMEOUT = 10_000

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

export interface Loading {
  progress?: Progress
  onlyDelta?: boolean
}

export class DeviceServer {
  /** `url` is the workspace's device address, `https://HOST/device/v1/WORKSPACE/`. */
  constructor(readonly url: string, private readonly fetch: typeof globalThis.fetch) {}

  address(path: string): string { return new URL(path, this.url).href }

  async check(request: CheckRequest): Promise<CheckAnswer> {
    const response = await this.send('check', {
      method: 'POST', body: JSON.stringify(request), headers: { 'content-type': 'application/json' },
      signal: AbortSignal.timeout(CHECK_TIMEOUT),
    })
    const bytes = await this.body(response, MAX_ANSWER)
    try {
      return parseAnswer(JSON.parse(new TextDecoder().decode(bytes)))
    } catch (error) {
      throw error instanceof WireError ? error : new WireError('no JSON')
    }
  }

  /** `keepalive`: goes out although the page is being closed. */
  async report(batch: ReportBatch, keepalive = false): Promise<void> {
    await this.send('reports', {
      method: 'POST', body: JSON.stringify(batch), headers: { 'content-type': 'application/json' }, keepalive,
    })
  }

  /**
   * A version's file that passes `verify`. Browsers that know compression dictionaries use them here by themselves;
   * with `onlyDelta` the answer is undefined when the server begins to send the whole file instead.
   *
   * What does not pass is fetched once more past the browser's cache: these files never change, so a damaged one would
   * stay in it for ever.
   */
  async target(
    target: Target, verify: (bytes: Bytes) => Promise<void>, { progress, onlyDelta = false }: Loading = {},
  ): Promise<Bytes | undefined> {
    const { key, code, sha256, file, size } = target
    const path = `targets/apps/${encodeURIComponent(key)}/${code}/${sha256}.${encodeURIComponent(file)}`
    const load = async (cache: RequestCache): Promise<Bytes | undefined> => {
      const response = await this.send(path, { cache })
      if (onlyDelta && !response.headers.get('etag')?.includes('.dcz.')) {
        await response.body?.cancel()
        return undefined
      }
      const bytes = await this.body(response, size, progress)
      await verify(bytes)
      return bytes
    }
    return load('default').catch(() => load('reload'))
  }

  /** From an archive that the phone has to one that it wants; undefined when a full download is the better way. */
  async delta(base: string, target: string, limit: number): Promise<Bytes | undefined> {
    const response = await this.send(`deltas/${base}/${target}`, {}, [404])
    return response.status === 404 ? undefined : this.body(response, limit)
  }

  private async body(response: Response, limit: number, progress?: Progress): Promise<Bytes> {
    try {
      return await readBounded(response, limit, progress)
    } catch (error) {
      throw new ServerError(0, error instanceof Error ? error.message : 'the download broke off')
    }
  }

  private async send(path: string, init: RequestInit, also: number[] = []): Promise<Response> {
    let response: Response
    try {
      response = await this.fetch(this.address(path), { credentials: 'omit', ...init })
    } catch (error) {
      throw new ServerError(0, error instanceof Error ? error.message : 'not reachable')
    }
    if (!response.ok && !also.includes(response.status)) {
      throw new ServerError(response.status, `the server answered ${response.status}`)
    }
    return response
  }
}
