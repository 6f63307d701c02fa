/** Why something that a server sent, or that was kept, is not trusted. */
export type TrustFault =
  /** not metadata as the specification describes it */
  | 'format'
  /** fewer valid signatures than the role's threshold */
  | 'signature'
  /** older than what this phone has already seen */
  | 'rollback'
  /** past its date: the server is neglected, someone holds updates back, or the phone's clock is wrong */
  | 'expired'
  /** not the version, size or hash that the signed metadata above it names */
  | 'mismatch'
  /** longer than allowed; reading stopped there */
  | 'length'
  /** named by signed metadata, but not there */
  | 'missing'
  /** needs a newer app or browser: metadata version, kind of key */
  | 'unsupported'
  /** the search for a target met more delegated roles than allowed */
  | 'delegations'

/** What the person at the phone reads. It says what happened and what to do; the log has the error's own message. */
export const TRUST_MESSAGES: Readonly<Record<TrustFault, string>> = {
  format: 'The update server sent something that cannot be read. Try again later.',
  signature: 'This update is not signed by those whom this app trusts. It was not installed.',
  rollback: 'The update server offers an older state than this phone has already seen. It was not accepted.',
  expired: 'The update information is out of date. Check the date and time of this phone; if they are right, '
    + 'updates are being held back.',
  mismatch: 'The update is not the one that was announced. It was not installed. Try again later.',
  length: 'The update is larger than announced. The download was stopped.',
  missing: 'A part of the update is not on the server. Try again later.',
  unsupported: 'This update needs a newer version of this app or browser.',
  delegations: 'The update server is set up in a way that this app refuses to follow.',
}

export class TrustError extends Error {
  /** `file` is the metadata file or target at fault, as the repository names it. */
  constructor(readonly fault: TrustFault, readonly file: string, detail: string) {
    super(`${file}: ${detail}`)
    this.name = 'TrustError'
  }
}
