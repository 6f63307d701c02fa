/**
 * Applies deltas as a phone does: node _phone.mjs HOST_DELTA.mjs FOLDER_OF_THE_DECODER FOLDER. Reads N.base, N.dcz and
 * N.target of FOLDER; prints how many were applied, how many gave other bytes than the target, and the slowest in ms.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [module, decoder, folder] = process.argv.slice(2)
globalThis.fetch = async (url) => new Response(readFileSync(url))
const { applyDelta } = await import(pathToFileURL(module).href)
let wrong = 0
let applied = 0
let slowest = 0
for (const name of readdirSync(folder).filter((name) => name.endsWith('.dcz')).map((name) => name.slice(0, -4))) {
  const [base, dcz, target] = ['base', 'dcz', 'target'].map((kind) => readFileSync(join(folder, `${name}.${kind}`)))
  const started = performance.now()
  const result = await applyDelta(new Uint8Array(base), new Uint8Array(dcz), target.length, decoder)
  slowest = Math.max(slowest, performance.now() - started)
  applied++
  if (!target.equals(result)) wrong++
}
console.log(JSON.stringify({ applied, wrong, slowest }))
