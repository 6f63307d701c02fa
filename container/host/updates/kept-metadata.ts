/** Accepted metadata of one workspace, kept beside the packages; nothing but it says what this phone has seen. */
import type { ByteStore } from '../store/bytes'
import type { MetadataStore } from '../trust'
import { putWithRoom } from './vault'

type Bytes = Uint8Array<ArrayBuffer>

export class KeptMetadata implements MetadataStore {
  /** `makeRoom` as of Vault. */
  constructor(
    private readonly bytes: Promise<ByteStore>, private readonly prefix: string,
    private readonly makeRoom: () => Promise<boolean>,
  ) {}

  async get(name: string): Promise<Bytes | undefined> {
    const kept = await (await this.bytes).get(this.prefix + name)
    return kept && new Uint8Array(kept)
  }

  async put(name: string, data: Bytes): Promise<void> {
    await putWithRoom(await this.bytes, this.prefix + name, data.slice().buffer, this.makeRoom)
  }

  async delete(name: string): Promise<void> { await (await this.bytes).delete(this.prefix + name) }
}
