/**
 * Runs the public tuf-conformance suite against the client:
 *
 *   node host/trust/conformance-suite.mjs SUITE [--python PYTHON] [ARGUMENTS OF PYTEST…]
 *
 * SUITE is a checkout of github.com/theupdateframework/tuf-conformance; PYTHON (python3) has pytest, tuf and
 * securesystemslib; the command `faketime` must be installed. Exit code: that of pytest.
 */
import { build } from 'esbuild'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const [suite, ...rest] = process.argv.slice(2)
if (!suite) {
  console.error('usage: node conformance-suite.mjs SUITE [--python PYTHON] [ARGUMENTS OF PYTEST…]')
  process.exit(2)
}
const named = rest[0] === '--python' ? rest.splice(0, 2)[1] : 'python3'
// the suite runs in its own folder
const python = named.includes('/') ? resolve(named) : named

const folder = mkdtempSync(join(tmpdir(), 'tuf-client-'))
const entrypoint = join(folder, 'client.mjs')
try {
  await build({
    entryPoints: [fileURLToPath(new URL('conformance.mjs', import.meta.url))],
    outfile: entrypoint,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    banner: { js: `#!${process.execPath}` },
  })
  chmodSync(entrypoint, 0o755)
  const { status } = spawnSync(
    python, ['-m', 'pytest', 'tuf_conformance', '--entrypoint', entrypoint, ...rest],
    { cwd: suite, stdio: 'inherit' },
  )
  process.exitCode = status ?? 1
} finally {
  rmSync(folder, { recursive: true })
}
