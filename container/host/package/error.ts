/** Why a package cannot be used; `file` names what is at fault, for the person and the log. */
export type PackageFault =
  /** not reachable, and not kept from an earlier start */
  | 'download'
  /** manifest.json is not one, or contradicts itself */
  | 'manifest'
  /** needs a newer container */
  | 'version'
  /** bytes are not those the manifest names */
  | 'hash'
  /** not an archive of docs/package-format.md */
  | 'archive'
  /** not signed by those whom this phone trusts, or not meant for this phone */
  | 'trust'
  /** the server has no version of this program for this phone */
  | 'absent'

export class PackageError extends Error {
  constructor(readonly fault: PackageFault, readonly file: string, detail: string) {
    super(`${file}: ${detail}`)
    this.name = 'PackageError'
  }
}
