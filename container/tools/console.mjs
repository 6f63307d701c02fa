/**
 * The console's files in src/eden/_console: scripts (container/console/boot.ts and the chunks it imports on demand),
 * the sheet and the icon. Each name has a hash of the content, so browsers may keep a file for ever, and beside each
 * file stand its brotli and gzip forms. index.json: {"console.js": "console-HASH.js", …}.
 */
import { build } from 'esbuild'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
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
      const paths = { entryPoints, outdir: out, absWorkingDir: container }
      const { outputFiles, metafile } = await build({ ...options, ...more, ...paths })
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
  const forms = { '': (contents) => contents, '.br': brotli, '.gz': (contents) => gzipSync(contents, { level: 9 }) }
  for (const [name, contents] of made) {
    for (const [suffix, form] of Object.entries(forms)) {
      const file = join(out, name + suffix)
      kept.add(name + suffix)
      // the name says what is in it
      if (!existsSync(file)) writeFileSync(file, form(contents))
    }
    console.log(`  ${name.padEnd(28)} ${kB(contents.length)} kB ${kB(statSync(join(out, `${name}.br`)).size)} kB brotli`)
  }
  writeFileSync(join(out, 'index.json'), `${JSON.stringify(index, null, 1)}\n`)
  for (const name of readdirSync(out)) if (!kept.has(name)) rmSync(join(out, name))
  return true
}

const brotli = (contents) =>
  brotliCompressSync(contents, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: contents.length } })
const kB = (size) => (size / 1000).toFixed(1).padStart(8)
