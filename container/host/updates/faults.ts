/** Whatever went wrong on the way to a version, in the words of the phone. */
import { PackageError } from '../package/error'
import type { TrustError } from '../trust'

export function asPackageError(error: unknown, file: string): PackageError {
  if (error instanceof PackageError) return error
  if (isTrustError(error)) return new PackageError('trust', error.file, error.detail, error.explain)
  if (isFull(error)) return new PackageError('room', file, 'there is no room left on this phone')
  return new PackageError('download', file, error instanceof Error ? error.message : String(error))
}

/** The client's own classes are in a bundle that is loaded late (verification.ts), so they are known by name. */
export const isTrustError = (error: unknown): error is TrustError =>
  error instanceof Error && error.name === 'TrustError'

/** The browser has no more room for this page's origin. */
export const isFull = (error: unknown): boolean => error instanceof DOMException && error.name === 'QuotaExceededError'
