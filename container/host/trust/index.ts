/** Trust: The Update Framework on the phone. docs/trust.md. */
export { TrustError, type TrustFault } from './error'
export { httpFetcher } from './fetcher'
export {
  LIMITS, Updater, verifyFirstRoot,
  type Fetcher, type Limits, type MetadataStore, type TargetInfo, type UpdaterOptions,
} from './updater'
