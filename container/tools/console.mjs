/**
 * The console's files in src/eden/_console: scripts (container/console/boot.ts and the chunks it imports on demand),
 * the sheet and the icon. Each name has a hash of the content, so browsers may keep a file for ever, and beside each
 * file stand its brotli and gzip forms. index.json: {"console.js": "console-HASH.js", …}.
 */
import { build } from 'esbuild'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const options = {
  bundle: true,
  write: false,
  minify: true,
  metafile: true,
  legalComments: 'none',
  charset: 'utf8',
  logLevel: 'warning',
  // what has popovers and light-dark()
  target: ['chrome123', 'firefox125', 'safari17.5'],
  entryNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
}

/** False if a script or the sheet does not compile; what was there stays. */
export async function buildConsole(container, out) {
  const room = join(container, 'console')
  const made = new Map()
  const index = {}
  try {
    for (const [name, entry, more] of [
      ['console.js', 'boot.ts', { format: 'esm', splitting: true }],
      ['console.css', 'console.css', {}],
    ]) {
      const entryPoints = [{ in: join(room, entry), out: name.slice(0, -extname(name).length) }]
      const { outputFiles, metafile } = await build({ ...options, ...more, entryPoints, outdir: out, absWorkingDir: container })
      for (const { path, contents } of outputFiles) made.set(basename(path), Buffer.from(contents))
      const [main] = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint)
      index[name] = basename(main)
    }
  } catch (error) {
    // esbuild has printed its own errors
    if (!error.errors) throw error
    return false
  }
  const icon = readFileSync(join(room, 'icon.svg'))
  index['icon.svg'] = `icon-${createHash('sha256').update(icon).digest('hex').slice(0, 8)}.svg`
  made.set(index['icon.svg'], icon)

  mkdirSync(out, { recursive: true })
  const kept = new Set(['.stamp', 'index.json'])
  for (const [name, contents] of made) {
    const forms = { '': contents, '.br': brotli(contents), '.gz': gzipSync(contents, { level: 9 }) }
    for (const [suffix, bytes] of Object.entries(forms)) {
      kept.add(name + suffix)
      writeFileSync(join(out, name + suffix), bytes)
    }
    console.log(`  ${name.padEnd(28)} ${kB(contents)} kB ${kB(forms['.br'])} kB brotli`)
  }
  writeFileSync(join(out, 'index.json'), `${JSON.stringify(index, null, 1)}\n`)
  for (const name of readdirSync(out)) if (!kept.has(name)) rmSync(join(out, name))
  return true
}

const brotli = (contents) => brotliCompressSync(contents, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: contents.length } })
const kB = ({ length }) => (length / 1000).toFixed(1).padStart(8)
