/** What the code has: the members of `wx` and the built-in components, read from the modules themselves. */
import { build } from 'esbuild'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const CONTAINER = fileURLToPath(new URL('..', import.meta.url))

/** Answers every property and call with itself: areas only look around when they are made. */
const anything = new Proxy(function () {}, {
  get: (_, name) => (name === Symbol.toPrimitive ? () => '' : name === Symbol.iterator ? function* () {} : anything),
  apply: () => anything,
  has: () => true,
})

/** {apis: Set of names, partial: {name: reason}, components: [{tag, properties: [camelCase]}]} */
export async function implemented() {
  const { outputFiles } = await build({
    stdin: {
      contents: 'export { survey, BUILTINS } from "./api/index"; export { propertiesOf } from "./components/kit"',
      resolveDir: CONTAINER,
    },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    logLevel: 'error',
    loader: { '.svg': 'text', '.html': 'text', '.css': 'text' },
  })
  const folder = mkdtempSync(join(tmpdir(), 'eden-compat-'))
  try {
    const file = join(folder, 'code.mjs')
    writeFileSync(file, outputFiles[0].text)
    const { survey, BUILTINS, propertiesOf } = await import(pathToFileURL(file))
    const { supported } = survey(anything)
    const components = BUILTINS.map((type) => ({ tag: type.tag, properties: Object.keys(propertiesOf(type)) }))
    return { apis: supported.apis, partial: supported.partial, components }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
