/** From an archive's bytes to files that are, byte by byte, those the manifest names. */
import type { PackageFiles } from '../../bridge/messages'
import { PackageError } from './error'
import type { PackageEntry } from './manifest'
import { sha256 } from './sha256'
import { readZip } from './zip'

/** The archive itself: size and hash. */
export async function verifyArchive(bytes: ArrayBuffer, entry: PackageEntry): Promise<void> {
  if (bytes.byteLength !== entry.size) {
    throw new PackageError('hash', entry.file, `has ${bytes.byteLength} bytes instead of ${entry.size}`)
  }
  if (await sha256(bytes) !== entry.sha256) throw new PackageError('hash', entry.file, 'is not what the manifest names')
}

/** Every file in it: the same names, sizes and hashes as in the manifest, none more, none fewer. */
export async function verifiedFiles(bytes: ArrayBuffer, entry: PackageEntry): Promise<PackageFiles> {
  await verifyArchive(bytes, entry)
  const files = readZip(bytes, entry.file)
  const result = Object.create(null) as PackageFiles
  await Promise.all(entry.files.map(async ({ path, size, sha256: expected }) => {
    const content = files.get(path)
    if (!content) throw new PackageError('archive', entry.file, `${path} is missing`)
    if (content.byteLength !== size || await sha256(content) !== expected) {
      throw new PackageError('hash', `${entry.file}/${path}`, 'is not what the manifest names')
    }
    result[path] = content
  }))
  for (const path of files.keys()) {
    if (!(path in result)) throw new PackageError('archive', entry.file, `${path} is not in the manifest`)
  }
  return result
}
