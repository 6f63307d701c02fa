/** Whatever went wrong on the way to a version, in the words of the phone. */
import { PackageError } from '../package/error'
import { TRUST_MESSAGES, TrustError } from '../trust'

export function asPackageError(error: unknown, file: string): PackageError {
  if (error instanceof PackageError) return error
  if (error instanceof TrustError) return new PackageError('trust', error.file, TRUST_MESSAGES[error.fault])
  const full = error instanceof DOMException && error.name === 'QuotaExceededError'
  const detail = error instanceof Error ? error.message : String(error)
  return new PackageError('download', file, full ? 'there is no room left on this phone' : detail)
}
