/** Trust: The Update Framework on the phone. docs/trust.md. */
export { TRUST_MESSAGES, TrustError, type TrustFault } from './error'
export { httpFetcher } from './fetcher'
export {
  LIMITS, Updater,
  type Fetcher, type Limits, type MetadataStore, type TargetInfo, type UpdaterOptions,
} from './updater'
