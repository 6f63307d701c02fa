/**
 * What the Python side takes from npm, in src/eden/_vendor:
 *
 *   esbuild[.exe]            esbuild's binary for this platform
 *   template_compiler.wasm   glass-easel-template-compiler, called from Python through wasmtime
 *   weui-miniprogram/        the component library that `useExtendedLib: {weui: true}` asks for
 *   less.mjs, sass.mjs       the preprocessors, each one file that plain Node runs: default export of less,
 *                            named exports of sass
 *   LICENSES                 the licences of all of these and of what is inside the container's bundles
 */
import { build } from 'esbuild'
import {
  chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

const PREPROCESSORS = {
  less: 'export { default } from "less/dist/less-node.cjs"',
  sass: 'export * from "sass"',
}

/** Development packages that are shipped nevertheless. */
const COPIED = ['esbuild', 'weui-miniprogram']

export async function buildVendor(container, out) {
  const modules = join(container, 'node_modules')
  // made aside and moved at the end: others may be using the present one
  const made = `${out}.new`
  rmSync(made, { recursive: true, force: true })
  mkdirSync(made, { recursive: true })

  const platform = join(modules, '@esbuild', `${process.platform}-${process.arch}`)
  const [binary, target] = process.platform === 'win32' ? ['esbuild.exe', 'esbuild.exe'] : ['bin/esbuild', 'esbuild']
  copyFileSync(join(platform, binary), join(made, target))
  chmodSync(join(made, target), 0o755)
  copyFileSync(
    join(modules, 'glass-easel-template-compiler/pkg/glass_easel_template_compiler_bg.wasm'),
    join(made, 'template_compiler.wasm'),
  )
  cpSync(join(modules, 'weui-miniprogram/miniprogram_dist'), join(made, 'weui-miniprogram'), { recursive: true })

  const shipped = new Set([...COPIED, ...dependencies(container)])
  for (const [name, contents] of Object.entries(PREPROCESSORS)) {
    await bundlePreprocessor(container, contents, join(made, `${name}.mjs`))
    // less comes bundled already: what is inside cannot be seen, only what it asks for
    for (const used of withDependencies(modules, name)) shipped.add(used)
  }
  writeFileSync(join(made, 'LICENSES'), [...shipped].sort().map((name) => licence(modules, name)).join(`\n${'-'.repeat(79)}\n\n`))
  rmSync(out, { recursive: true, force: true })
  renameSync(made, out)
  return true
}

async function bundlePreprocessor(container, contents, outfile) {
  await build({
    stdin: { contents, resolveDir: container },
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'warning',
    // watching and remote imports, which a build does not use
    external: ['@parcel/watcher', 'chokidar', 'needle'],
    banner: { js: 'import{createRequire as edenRequire}from"node:module";const require=edenRequire(import.meta.url);' },
  })
}

/** A package and, as far as they are installed, the packages that it needs. */
function withDependencies(modules, name) {
  if (!existsSync(join(modules, name))) return []
  const { dependencies = {} } = JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8'))
  return [name, ...Object.keys(dependencies).flatMap((needed) => withDependencies(modules, needed))]
}

/** Every package, direct or not, that is not for development: its code may be in the container's bundles. */
function dependencies(container) {
  const { packages } = JSON.parse(readFileSync(join(container, 'package-lock.json'), 'utf8'))
  return Object.entries(packages)
    .filter(([path, { dev, optional, peer }]) => path.startsWith('node_modules/') && !dev && !optional && !peer)
    .map(([path]) => path.slice('node_modules/'.length))
}

function licence(modules, name) {
  const root = join(modules, name)
  const { version, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const file = readdirSync(root).find((entry) => /^licen[cs]e/i.test(entry))
  const text = file && existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8').trim() : `Licence: ${license}`
  return `${name} ${version}\n\n${text}\n`
}
