/**
 * A web application (kind `h5`) is one archive, and what is to be known of it is signed with it. The phone makes a
 * manifest of that, so that everything else (two versions, deltas, the way back) is the same for both kinds.
 */
import type { TargetInfo } from '../trust'
import type { SignedState } from './permitted'

export const WEB_PACKAGE = 'package.zip'

/** The same bytes for the same version; `h5` is as it was signed, which who opens it has to check. */
export function webManifest(key: string, { length, hashes }: TargetInfo, signed: SignedState): ArrayBuffer {
  return new TextEncoder().encode(JSON.stringify({
    format: 1, app_id: key, name: key, version: { name: signed.version, code: signed.code },
    platform_version: { min_code: signed.container }, pages: [], h5: signed.h5,
    packages: [{
      name: 'main', root: '', independent: false, file: WEB_PACKAGE, size: length, sha256: hashes.sha256, files: [],
    }],
  })).buffer
}
