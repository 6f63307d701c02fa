/** What signed metadata says about versions of programs: the phone's one Updater for a workspace. */
import { httpFetcher, TrustError, Updater, verifyFirstRoot, type MetadataStore, type TargetInfo } from '../trust'
import { readState, type SignedState } from './permitted'
import { WEB_PACKAGE } from './web-manifest'

/** bytes; a root with ten keys has 3 kB */
const MAX_ROOT = 512_000

/** A version's first file as it was signed: a mini program's manifest, or the archive of a web application. */
export interface SignedVersion {
  info: TargetInfo
  state: SignedState
}

export class Trusted {
  private updater: Promise<Updater> | undefined

  /** `root` came with the app; without it the first root that the server gives is believed for good. */
  constructor(private readonly options: {
    url: string
    fetch: typeof globalThis.fetch
    root: Uint8Array<ArrayBuffer> | undefined
    store: MetadataStore
  }) {}

  async refresh(): Promise<void> { await (await this.open()).refresh() }

  /** Undefined: nobody has signed such a version. */
  async version(key: string, code: number): Promise<SignedVersion | undefined> {
    const updater = await this.open()
    for (const file of ['manifest.json', WEB_PACKAGE]) {
      const info = await updater.targetInfo(`apps/${key}/${code}/${file}`)
      const state = info && readState(info.custom)
      // an archive without these fields is for another runtime
      if (info && state?.code === code && (state.h5 || file !== WEB_PACKAGE)) return { info, state }
    }
    return undefined
  }

  async verify(bytes: Uint8Array<ArrayBuffer>, info: TargetInfo): Promise<void> {
    await (await this.open()).verifyTarget(bytes, info)
  }

  /** Every refresh asks for a newer root, and mostly there is none: browsers would show each 404 as an error. */
  private async ask(url: string, init: RequestInit): Promise<Response> {
    const answer = await this.options.fetch(`${url}?absent=204`, { credentials: 'omit', ...init })
    return answer.status === 204 ? new Response(null, { status: 404 }) : answer
  }

  private open(): Promise<Updater> {
    this.updater ??= this.make()
    this.updater.catch(() => { this.updater = undefined })
    return this.updater
  }

  private async make(): Promise<Updater> {
    const { url, root, store } = this.options
    const fetcher = httpFetcher(`${url}metadata/`, { request: (url, init) => this.ask(url, init) })
    if (!root && !await store.get('root.json')) {
      const first = await fetcher.fetch('1.root.json', MAX_ROOT)
      if (!first) throw new TrustError('missing', '1.root.json', 'is not on the server; run `eden init` there')
      await verifyFirstRoot(first)
      await store.put('root.json', first)
    }
    return new Updater({ ...(root && { root }), store, fetcher, now: () => Date.now() })
  }
}
