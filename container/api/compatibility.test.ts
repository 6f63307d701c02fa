import { expect, test } from 'vitest'

// The generator is a plain script of its own; its types do not matter here.
const script = '../compat/generate.mjs'
const { committed, outputs } = (await import(/* @vite-ignore */ new URL(script, import.meta.url).href)) as {
  outputs(): Promise<Map<string, string>>
  committed(path: string): string
}

test('the compatibility table and what goes with it are up to date (node compat/generate.mjs)', async () => {
  for (const [path, content] of await outputs()) expect(committed(path), path).toBe(content)
}, 60_000)
