/** A network call of a program as what may be told of it: nothing that was said in it. */
import type { Call, Reply, Wire } from '../../bridge/messages'
import type { Asked } from './happenings'

const METHODS: { readonly [call: string]: string } = { request: 'GET', uploadFile: 'POST', downloadFile: 'GET' }

/** Undefined: it is none of the program's requests. */
export function askedBy({ name, args }: Call, { value, error }: Reply, ms: number): Asked | undefined {
  // components load pictures without a task of the program's
  if (!Object.hasOwn(METHODS, name) || args.taskId === undefined || typeof args.url !== 'string') return undefined
  return {
    url: args.url,
    method: name === 'request' && typeof args.method === 'string' ? args.method.toUpperCase().slice(0, 10) : METHODS[name]!,
    status: typeof value?.statusCode === 'number' ? value.statusCode : 0,
    up: sizeOf(name === 'uploadFile' ? args.file : args.body),
    down: sizeOf(value?.data),
    ms,
    ...(error && { failure: error.reason.slice(0, 100) }),
  }
}

/** Bytes; of texts their characters, as counting costs time. */
function sizeOf(value: Wire): number {
  if (typeof value === 'string') return value.length
  if (value instanceof ArrayBuffer) return value.byteLength
  return value instanceof Blob ? value.size : 0
}
