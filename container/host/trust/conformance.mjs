/**
 * The client as a command, for the public tuf-conformance suite (its CLIENT-CLI.md). Not part of any bundle that is
 * shipped; conformance-suite.mjs bundles it for Node and runs the suite with it.
 *
 *   --metadata-dir DIR init TRUSTED_ROOT
 *   --metadata-dir DIR --metadata-url URL refresh
 *   --metadata-dir DIR --metadata-url URL --target-name PATH… --target-base-url URL --target-dir DIR download
 *
 * Exit code 0 if everything went well, otherwise 1 and the reason on standard error.
 */
import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { httpFetcher, TrustError, Updater } from './index'

const { values, positionals: [command, trustedRoot] } = parseArgs({
  allowPositionals: true,
  options: {
    'metadata-dir': { type: 'string' },
    'metadata-url': { type: 'string' },
    'target-name': { type: 'string', multiple: true, default: [] },
    'target-base-url': { type: 'string' },
    'target-dir': { type: 'string' },
  },
})

function option(name) {
  if (!values[name]) throw new Error(`${command} needs --${name}`)
  return values[name]
}

async function readIfThere(path) {
  try {
    return new Uint8Array(await readFile(path))
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

async function replace(path, bytes) {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(`${path}.new`, bytes)
  await rename(`${path}.new`, path)
}

/** Names of the store are file names; the ones with a `/` are the updater's own folder of roots. */
const fileStore = (folder) => ({
  get: (name) => readIfThere(join(folder, name)),
  put: (name, bytes) => replace(join(folder, name), bytes),
  delete: (name) => rm(join(folder, name), { force: true }),
})

const updater = () => new Updater({
  store: fileStore(option('metadata-dir')),
  fetcher: httpFetcher(option('metadata-url')),
  now: () => Date.now(),
})

const commands = {
  init: () => copyFile(trustedRoot, join(option('metadata-dir'), 'root.json')),
  refresh: () => updater().refresh(),
  async download() {
    const client = updater()
    const artifacts = httpFetcher(option('target-base-url'))
    for (const name of values['target-name']) {
      const info = await client.targetInfo(name)
      if (!info) throw new Error(`${name}: there is no such target`)
      const path = join(option('target-dir'), encodeURIComponent(name))
      const kept = await readIfThere(path)
      if (kept && await isTarget(client, kept, info)) continue
      const bytes = await artifacts.fetch(info.location, info.length)
      if (!bytes) throw new Error(`${name}: is not on the server`)
      await client.verifyTarget(bytes, info)
      await replace(path, bytes)
    }
  },
}

async function isTarget(client, bytes, info) {
  try {
    await client.verifyTarget(bytes, info)
    return true
  } catch (error) {
    if (error instanceof TrustError) return false
    throw error
  }
}

try {
  if (!Object.hasOwn(commands, command)) throw new Error('one of init, refresh and download is needed')
  await commands[command]()
} catch (error) {
  console.error(`${error.name}${error.fault ? ` (${error.fault})` : ''}: ${error.message}`)
  process.exitCode = 1
}
