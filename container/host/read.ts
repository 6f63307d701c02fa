/** Bodies of answers, never more of them than wanted: a server can be hostile, and a body without end. */

export class TooLong extends Error {
  constructor(readonly limit: number) {
    super(`more than ${limit} bytes`)
    this.name = 'TooLong'
  }
}

/** The whole body; TooLong beyond `limit` bytes, or what the browser throws when the connection breaks. */
export async function readBounded(
  response: Response, limit: number, progress: (loaded: number, total: number) => void = () => {},
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = response.body?.getReader()
  if (!reader) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      size += value.byteLength
      if (size > limit) throw new TooLong(limit)
      chunks.push(value)
      progress(size, limit)
    }
  } catch (error) {
    void reader.cancel().catch(() => undefined)
    throw error
  }
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.byteLength
  }
  return bytes
}
