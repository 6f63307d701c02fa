/**
 * What was typed, while it is typed: each key is encrypted at once (AES-GCM of Web Crypto) under a key of this showing
 * that no script can read. Its byte exists in one array of one byte until then, which is overwritten.
 */
export type Bytes = Uint8Array<ArrayBuffer>

export class SealedKeys {
  private readonly key = crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
  private cells: { iv: Bytes; sealed: Promise<ArrayBuffer> }[] = []
  private presses = 0

  get count(): number { return this.cells.length }

  press(byte: number): void {
    const plain = Uint8Array.of(byte)
    const iv = new Uint8Array(12)
    new DataView(iv.buffer).setUint32(8, ++this.presses)
    const sealed = this.key.then((key) => {
      const made = crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key as CryptoKey, plain)
      // the call has copied it
      plain.fill(0)
      return made
    })
    sealed.catch(() => undefined)
    this.cells.push({ iv, sealed })
  }

  delete(): void { this.cells.pop() }

  clear(): void { this.cells = [] }

  /** Everything in one array, for `use`, after which it is overwritten. */
  async reveal<T>(use: (typed: Bytes) => Promise<T>): Promise<T> {
    const cells = [...this.cells]
    const typed = new Uint8Array(cells.length)
    try {
      const key = await this.key as CryptoKey
      for (const [place, { iv, sealed }] of cells.entries()) {
        const one = new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, await sealed))
        typed[place] = one[0]!
        one.fill(0)
      }
      return await use(typed)
    } finally {
      typed.fill(0)
    }
  }
}
