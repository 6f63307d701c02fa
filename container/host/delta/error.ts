/** Why a delta does not make the archive that it should. */
export type DeltaFault =
  /** not a delta, or one of another base */
  | 'base'
  /** makes another number of bytes than the signed metadata says, or more than fits into memory */
  | 'size'
  /** its frame cannot be decoded */
  | 'damaged'
  /** the decoder could not be loaded, or the page's policy forbids WebAssembly */
  | 'decoder'

/** The whole archive is the way out of every one. */
export class DeltaError extends Error {
  constructor(readonly fault: DeltaFault, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'DeltaError'
  }
}
