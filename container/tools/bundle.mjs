/**
 * The bundles of the container.
 *
 *   host.js, host.mjs     container/host/index.ts: the phone, as a plain script and as a module
 *   runtime.js            container/runtime/boot.ts: what runs inside the frame
 *   chunks/NAME.js        every container/**\/NAME.chunk.ts: parts of the runtime that load on first use; each
 *                         assigns its exports to globalThis.__edenChunk
 *   simulator.js          container/devtools/index.ts, with the pages and sheets beside it
 *   app.js, worker.js     container/app: the super app's page and its service worker
 *   h5/shell.js, h5/worker.js   container/app/h5: the two scripts of ours on the origin of an H5 program
 *   updates.js            container/host/updates/verification.ts: a module that the host loads when there is something
 *                         to install
 *   collect.js            container/host/collect/recording.ts: a module that the host loads when programs are used, to tell
 *                         their server of it
 *   rpc.js, national.js   container/host/rpc: the client of a gateway, which the host loads at the first call, and the national
 *                         algorithms of China, which that loads when a gateway's options ask for them
 *   keyboard.js           container/components/keyboard/frame.ts: the script of the secure keyboard's own frame
 *   delta/zstd.wasm       the decoder of deltas, which the host loads when it needs it
 *   index.json            {"FILE": {"size", "gzip"}} of all of them
 *
 * A chunk must not bring copies of modules that hold state or whose classes are compared by identity. The modules
 * in SHARED are therefore taken from the runtime, which leaves them in globalThis.__edenShared.
 */
import { build, transform } from 'esbuild'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { files } from './stamp.mjs'
import { zstdWasm } from './zstd.mjs'

const SHARED = ['components/kit', 'api/kit']
const ROOMS = ['api', 'bridge', 'components', 'devtools', 'host', 'runtime']

const common = {
  bundle: true,
  write: false,
  minify: true,
  sourcemap: 'external',
  sourcesContent: true,
  legalComments: 'none',
  charset: 'utf8',
  logLevel: 'warning',
  target: ['chrome100', 'firefox110', 'safari16.4'],
  define: { 'process.env.NODE_ENV': '"production"' },
  loader: { '.svg': 'text', '.html': 'text' },
}

/** Sheets are imported as minified text: they go into constructed style sheets. */
const sheets = {
  name: 'sheets',
  setup({ onLoad, initialOptions }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, 'utf8'), {
        loader: 'css', minify: true, charset: 'utf8', target: initialOptions.target, sourcefile: path,
      })
      return { contents: code.trim(), loader: 'text' }
    })
  },
}

const ENTRY = 'eden:runtime'

/** The runtime's entry: boot.ts after the shared modules have been published. */
const publishShared = (container) => ({
  name: 'publish-shared',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^${ENTRY}$`) }, () => ({ path: ENTRY, namespace: 'eden' }))
    onResolve({ filter: /^eden:publish$/ }, () => ({ path: 'publish', namespace: 'eden' }))
    onLoad({ filter: /.*/, namespace: 'eden' }, ({ path }) => {
      if (path === ENTRY) return { contents: 'import "eden:publish"; import "./runtime/boot"', resolveDir: container }
      const shared = SHARED.filter((module) => existsSync(join(container, `${module}.ts`)))
      const imports = shared.map((module, i) => `import * as m${i} from "./${module}"`)
      const table = shared.map((module, i) => `${JSON.stringify(module)}: m${i}`)
      return { contents: `${imports.join(';')};globalThis.__edenShared={${table}}`, resolveDir: container }
    })
  },
})

/** In a chunk, shared modules are the runtime's. */
const useShared = (container) => ({
  name: 'use-shared',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /kit$/ }, ({ path, resolveDir }) => {
      const module = SHARED.find((name) => join(resolveDir, path) === join(container, name))
      return module && { path: module, namespace: 'eden-shared' }
    })
    onLoad({ filter: /.*/, namespace: 'eden-shared' }, ({ path }) => ({
      contents: `module.exports=globalThis.__edenShared[${JSON.stringify(path)}]`,
    }))
  },
})

function entries(container) {
  const host = { entryPoints: [join(container, 'host/index.ts')], sourcemap: 'linked' }
  const chunks = ROOMS.flatMap((room) => files(container, room)).filter((path) => path.endsWith('.chunk.ts'))
  return [
    { file: 'host.js', source: 'host/index.ts', options: { ...host, format: 'iife', globalName: 'Eden' } },
    { file: 'host.mjs', source: 'host/index.ts', options: { ...host, format: 'esm' } },
    {
      file: 'updates.js',
      source: 'host/updates/verification.ts',
      options: { entryPoints: [join(container, 'host/updates/verification.ts')], sourcemap: 'linked', format: 'esm' },
    },
    {
      file: 'collect.js',
      source: 'host/collect/recording.ts',
      options: { entryPoints: [join(container, 'host/collect/recording.ts')], sourcemap: 'linked', format: 'esm' },
    },
    {
      file: 'keyboard.js',
      source: 'components/keyboard/frame.ts',
      options: { entryPoints: [join(container, 'components/keyboard/frame.ts')], format: 'iife', plugins: [sheets] },
    },
    ...[['rpc.js', 'host/rpc/client.ts'], ['national.js', 'host/rpc/national.ts']].map(([file, source]) => ({
      file, source, options: { entryPoints: [join(container, source)], sourcemap: 'linked', format: 'esm' },
    })),
    {
      file: 'runtime.js',
      source: 'runtime/boot.ts',
      options: { entryPoints: [ENTRY], format: 'iife', plugins: [publishShared(container), sheets] },
    },
    ...chunks.map((source) => ({
      file: `chunks/${basename(source, '.chunk.ts')}.js`,
      source,
      options: {
        entryPoints: [join(container, source)],
        format: 'iife',
        globalName: 'exported',
        banner: { js: '(()=>{' },
        footer: { js: 'globalThis.__edenChunk=exported})()' },
        plugins: [useShared(container), sheets],
      },
    })),
    {
      file: 'simulator.js',
      source: 'devtools/index.ts',
      options: { entryPoints: [join(container, 'devtools/index.ts')], format: 'iife', sourcemap: 'linked' },
    },
    ...[
      ['app.js', 'app/index.ts'], ['worker.js', 'app/worker.ts'],
      ['h5/shell.js', 'app/h5/shell.ts'], ['h5/worker.js', 'app/h5/worker.ts'],
    ].map(([file, source]) => ({
      file, source, options: { entryPoints: [join(container, source)], format: 'iife', sourcemap: 'linked' },
    })),
  ]
}

/** Build every entry that exists into `out`; false if one does not compile. */
export async function buildBundles(container, out) {
  const written = new Set(['.stamp', 'index.json'])
  const index = {}
  let ok = true
  const write = (file, bytes) => {
    written.add(file)
    writeChanged(join(out, file), bytes)
  }
  const list = (file) => {
    const bytes = readFileSync(join(out, file))
    index[file] = { size: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length }
    console.log(`  ${file.padEnd(28)} ${kB(bytes.length)} kB ${kB(index[file].gzip)} kB gzip`)
  }
  for (const { file, source, options } of entries(container)) {
    if (!existsSync(join(container, source))) {
      console.warn(`  ${file} skipped: ${source} does not exist`)
      continue
    }
    try {
      const result = await build({ plugins: [sheets], ...common, ...options, outfile: join(out, file) })
      for (const { path, contents } of result.outputFiles) write(path.slice(join(out, '/').length), contents)
    } catch (error) {
      // esbuild has printed its own errors; keep the last good bundle, so that others can go on working
      if (!error.errors) throw error
      written.add(file).add(`${file}.map`)
      ok = false
      continue
    }
    list(file)
  }
  write('delta/zstd.wasm', zstdWasm(readFileSync(join(container, 'node_modules/zstddec/dist/zstddec.mjs'), 'utf8')))
  list('delta/zstd.wasm')
  for (const path of ['app', 'devtools', 'host'].flatMap((room) => files(container, room))) {
    if (/\.(html|css|svg)$/.test(path)) {
      const folder = path.startsWith('app/h5/') ? 'h5/' : ''
      write(folder + basename(path), readFileSync(join(container, path)))
    }
  }
  if (ok) for (const file of files(out, '.')) if (!written.has(file.slice(2))) rmSync(join(out, file))
  writeChanged(join(out, 'index.json'), Buffer.from(`${JSON.stringify(index, null, 1)}\n`))
  return ok
}

/** Watchers of the output see only real changes. */
function writeChanged(path, bytes) {
  if (existsSync(path) && readFileSync(path).equals(Buffer.from(bytes))) return
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, bytes)
}

const kB = (bytes) => (bytes / 1000).toFixed(1).padStart(8)
