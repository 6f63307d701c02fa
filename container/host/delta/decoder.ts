/**
 * libzstd's decoder as WebAssembly: a file beside the host (20 kB compressed) that is fetched when the first delta
 * comes. Every delta gets an instance of its own, whose memory goes with it.
 */
import { DeltaError } from './error'

interface Exports {
  memory: WebAssembly.Memory
  malloc(size: number): number
  ZSTD_decompress(to: number, capacity: number, from: number, size: number): number
  ZSTD_isError(code: number): number
}

const PATIENCE = 20_000
const modules = new Map<string, Promise<WebAssembly.Module>>()

/** The `size` bytes of a frame, given in pieces, without the first `skip`. Throws DeltaError. */
export async function decompress(
  url: string, pieces: readonly Uint8Array[], size: number, skip: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const module = await load(url)
  try {
    return run(await instance(module), pieces, size, skip)
  } catch (error) {
    if (error instanceof DeltaError) throw error
    throw new DeltaError('damaged', 'The delta cannot be decoded.', { cause: error })
  }
}

function run(
  { memory, malloc, ZSTD_decompress, ZSTD_isError }: Exports, pieces: readonly Uint8Array[], size: number, skip: number,
): Uint8Array<ArrayBuffer> {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  const from = malloc(length) >>> 0
  const to = malloc(Math.max(size, 1)) >>> 0
  if (!from || !to) throw new DeltaError('size', 'There is not enough memory for the delta.')
  // growing detaches what was the memory, so it is looked at only now
  const input = new Uint8Array(memory.buffer, from, length)
  let at = 0
  for (const piece of pieces) {
    input.set(piece, at)
    at += piece.length
  }
  const made = ZSTD_decompress(to, size, from, length) >>> 0
  if (ZSTD_isError(made)) throw new DeltaError('damaged', 'The delta is damaged.')
  if (made !== size) throw new DeltaError('size', `The delta makes ${made - skip} bytes instead of ${size - skip}.`)
  return new Uint8Array(memory.buffer, to, size).slice(skip) as Uint8Array<ArrayBuffer>
}

async function instance(module: WebAssembly.Module): Promise<Exports> {
  const { exports } = await WebAssembly.instantiate(module, { env: { emscripten_notify_memory_growth() {} } })
  return exports as unknown as Exports
}

function load(url: string): Promise<WebAssembly.Module> {
  let module = modules.get(url)
  if (!module) {
    modules.set(url, module = compile(url))
    module.catch(() => modules.delete(url))
  }
  return module
}

async function compile(url: string): Promise<WebAssembly.Module> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout?.(PATIENCE) ?? null })
    if (!response.ok) throw new Error(`${url}: ${response.status}`)
    // not compileStreaming: that wants a media type which not every server sends
    return await WebAssembly.compile(await response.arrayBuffer())
  } catch (error) {
    throw new DeltaError('decoder', 'The decoder of deltas cannot be loaded.', { cause: error })
  }
}
