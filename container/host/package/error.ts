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
  /** the browser has no more room for packages */
  | 'room'

export class PackageError extends Error {
  /** `detail` is for the log; `explain` gives what the person reads where that is more than the fault's own words. */
  constructor(
    readonly fault: PackageFault, readonly file: string, detail: string,
    readonly explain?: (locale: 'zh_CN' | 'en') => string,
  ) {
    super(`${file}: ${detail}`)
    this.name = 'PackageError'
  }
}
