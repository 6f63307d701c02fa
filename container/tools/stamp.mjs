/** An output folder is current when its stamp equals the hash of what it is made from. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export function isCurrent(out, container, inputs) {
  const stamp = join(out, '.stamp')
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint(container, inputs)
}

export function writeStamp(out, container, inputs) {
  writeFileSync(join(out, '.stamp'), fingerprint(container, inputs))
}

function fingerprint(container, inputs) {
  const hash = createHash('sha256').update(`${process.platform}-${process.arch}\n`)
  for (const path of inputs.flatMap((input) => files(container, input)).sort()) {
    hash.update(`${path}\n`).update(readFileSync(join(container, path)))
  }
  return hash.digest('hex')
}

/** Every file at or below `path`, as paths relative to `root` with forward slashes; tests are not inputs. */
export function files(root, path) {
  const full = join(root, path)
  if (!existsSync(full)) return []
  if (!statSync(full).isDirectory()) return [path]
  return readdirSync(full)
    .filter((name) => !name.endsWith('.test.ts'))
    .flatMap((name) => files(root, `${path}/${name}`))
}
