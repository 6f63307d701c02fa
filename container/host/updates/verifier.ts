/**
 * verification.ts, loaded when it is first needed: a phone that starts what it has never fetches it, and one that
 * installs fetches it while the server is asked.
 */
import type { MetadataStore, TargetInfo } from '../trust'
import type { PhoneView, SignedState } from './permitted'
import type { SignedVersion, Trusted } from './trusted'

type Verification = typeof import('./verification')
type Bytes = Uint8Array<ArrayBuffer>

export interface VerifierOptions {
  /** the workspace's device address */
  url: string
  fetch: typeof globalThis.fetch
  /** the root of trust that came with the app */
  root: Bytes | undefined
  store: MetadataStore
  /** address of a file of the container bundle */
  file(name: string): string
}

export class Verifier {
  private loading: Promise<Verification> | undefined
  private trusted: Promise<Trusted> | undefined
  private failures = 0

  constructor(private readonly options: VerifierOptions) {}

  /** Fetch what will be needed; whoever needs it hears of a failure. */
  prepare(): void { void this.load().catch(() => undefined) }

  /** Version of the timestamp that was accepted last; 0 before the first. Needs nothing that is loaded late. */
  async timestamp(): Promise<number> {
    try {
      const kept = await this.options.store.get('timestamp.json')
      return (JSON.parse(new TextDecoder().decode(kept)) as { signed: { version: number } }).signed.version
    } catch {
      return 0
    }
  }

  async refresh(): Promise<void> { await (await this.open()).refresh() }

  /** Undefined: nobody has signed such a version. */
  async version(key: string, code: number): Promise<SignedVersion | undefined> {
    return (await this.open()).version(key, code)
  }

  async verify(bytes: Bytes, info: TargetInfo): Promise<void> { await (await this.open()).verify(bytes, info) }

  async permitted(signed: SignedState, phone: PhoneView): Promise<boolean> {
    return (await this.load()).permitted(signed, phone)
  }

  /** Whether a tester's token opens this version. */
  async opens(token: string | undefined, signed: SignedState): Promise<boolean> {
    return (await this.load()).opens(token, signed)
  }

  async applyDelta(base: Uint8Array, dcz: Uint8Array, expectedSize: number): Promise<Bytes> {
    return (await this.load()).applyDelta(base, dcz, expectedSize, this.options.file('delta'))
  }

  private open(): Promise<Trusted> {
    this.trusted ??= this.load().then(({ Trusted }) => new Trusted(this.options))
    this.trusted.catch(() => { this.trusted = undefined })
    return this.trusted
  }

  private load(): Promise<Verification> {
    if (!this.loading) {
      const url = this.options.file('updates.js')
      // browsers remember that a module did not load, by its address
      const address = this.failures ? `${url}?${this.failures}` : url
      this.loading = import(/* @vite-ignore */ address) as Promise<Verification>
      this.loading.catch(() => {
        this.loading = undefined
        this.failures++
      })
    }
    return this.loading
  }
}
