/**
 * The WebAssembly module of the Zstandard decoder (libzstd's, from the package zstddec), as bytes.
 *
 * The package keeps it as base64 in its only module and instantiates it once for ever. The host wants the bytes:
 * as a file that loads on first use, and with an instance per delta, so that memory is given back.
 */
const CONSTANT = /\bwasm = "([A-Za-z0-9+/]+={0,2})"/g
const NEEDED = ['memory', 'malloc', 'ZSTD_decompress', 'ZSTD_isError']

/** `source` is the text of zstddec.mjs. Throws when the package no longer has the form known here. */
export function zstdWasm(source) {
  const found = [...source.matchAll(CONSTANT)]
  if (found.length !== 1) throw new Error('zstddec: one WebAssembly module was expected in its source')
  const bytes = Uint8Array.from(atob(found[0][1]), (letter) => letter.charCodeAt(0))
  const module = new WebAssembly.Module(bytes)
  const exported = WebAssembly.Module.exports(module).map(({ name }) => name)
  const imported = WebAssembly.Module.imports(module).map(({ module, name }) => `${module}.${name}`)
  const missing = NEEDED.filter((name) => !exported.includes(name))
  if (missing.length) throw new Error(`zstddec: its WebAssembly module does not export ${missing.join(', ')}`)
  if (imported.join() !== 'env.emscripten_notify_memory_growth') {
    throw new Error(`zstddec: its WebAssembly module wants ${imported.join(', ')}`)
  }
  return bytes
}
