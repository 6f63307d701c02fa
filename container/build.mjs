/**
 * Builds the container into src/eden/_container and the console's scripts into src/eden/_console, and copies what the
 * Python side needs from npm into src/eden/_vendor.
 *
 *   node build.mjs            build what changed
 *   node build.mjs --force    build everything
 *   node build.mjs --watch    build again after every change, until stopped
 *
 * Exit code 1 if an entry does not compile; the others are written nevertheless.
 */
import { watch } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { buildBundles } from './tools/bundle.mjs'
import { buildConsole } from './tools/console.mjs'
import { isCurrent, writeStamp } from './tools/stamp.mjs'
import { buildVendor } from './tools/vendor.mjs'

const container = fileURLToPath(new URL('.', import.meta.url))
const eden = fileURLToPath(new URL('../src/eden/', import.meta.url))

const steps = [
  { name: 'vendor', out: `${eden}_vendor`, inputs: ['package-lock.json', 'tools'], run: buildVendor },
  {
    name: 'container',
    out: `${eden}_container`,
    inputs: ['package-lock.json', 'tools', 'api', 'app', 'bridge', 'components', 'devtools', 'host', 'runtime'],
    run: buildBundles,
  },
  { name: 'console', out: `${eden}_console`, inputs: ['package-lock.json', 'tools', 'console'], run: buildConsole },
]

async function build(force) {
  let ok = true
  for (const step of steps) {
    if (!force && isCurrent(step.out, container, step.inputs)) continue
    const started = performance.now()
    const good = await step.run(container, step.out)
    if (good) writeStamp(step.out, container, step.inputs)
    console.log(`${step.name} ${good ? 'built' : 'failed'} in ${((performance.now() - started) / 1000).toFixed(1)} s`)
    ok &&= good
  }
  return ok
}

const ok = await build(process.argv.includes('--force'))

if (process.argv.includes('--watch')) {
  let timer
  let running = Promise.resolve()
  watch(container, { recursive: true }, (_, file) => {
    if (!file || file.includes('node_modules')) return
    clearTimeout(timer)
    timer = setTimeout(() => (running = running.then(() => build(false))), 100)
  })
} else {
  process.exitCode = ok ? 0 : 1
}
