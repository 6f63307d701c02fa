/** The container's own files for frames: the runtime and its chunks. Kept, so that a second start works offline. */
import type { ByteStore } from './store/bytes'

export class ContainerFiles {
  private readonly texts = new Map<string, Promise<string>>()
  private readonly runtimeUrl: string
  private readonly baseUrl: string

  constructor(
    private readonly store: Promise<ByteStore>, private readonly fetch: typeof globalThis.fetch,
    options: { runtimeUrl?: string | undefined; runtimeText?: string | undefined; baseUrl?: string | undefined },
  ) {
    this.runtimeUrl = new URL(options.runtimeUrl ?? 'runtime.js', document.baseURI).href
    this.baseUrl = new URL(options.baseUrl ?? '.', options.baseUrl ? document.baseURI : this.runtimeUrl).href
    if (options.runtimeText !== undefined) this.texts.set(this.runtimeUrl, Promise.resolve(options.runtimeText))
  }

  runtime(): Promise<string> { return this.text(this.runtimeUrl) }

  chunk(name: string): Promise<string> { return this.text(this.address(`chunks/${name}.js`)) }

  /** Of a file of the container bundle. */
  address(name: string): string {
    return new URL(name, this.baseUrl.endsWith('/') ? this.baseUrl : `${this.baseUrl}/`).href
  }

  private text(url: string): Promise<string> {
    let text = this.texts.get(url)
    if (!text) {
      this.texts.set(url, text = this.load(url))
      text.catch(() => this.texts.delete(url))
    }
    return text
  }

  private async load(url: string): Promise<string> {
    const key = `container:${url}`
    try {
      const response = await this.fetch(url, { cache: 'no-cache' })
      if (!response.ok) throw new Error(`${url}: ${response.status}`)
      const bytes = await response.arrayBuffer()
      void this.store.then((store) => store.put(key, bytes)).catch(() => undefined)
      return new TextDecoder().decode(bytes)
    } catch (error) {
      const kept = await this.store.then((store) => store.get(key)).catch(() => undefined)
      if (!kept) throw error
      return new TextDecoder().decode(kept)
    }
  }
}
