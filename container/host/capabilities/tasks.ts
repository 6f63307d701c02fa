/** Network calls of a frame that can be aborted, by the frame's own ids; they end with the frame. */
import { fail } from './types'
import type { Capability, HostCall } from './types'
import { number } from './arguments'

const running = new WeakMap<object, Map<number | symbol, AbortController>>()

function tasksOf(call: HostCall): Map<number | symbol, AbortController> {
  let tasks = running.get(call.session)
  if (!tasks) running.set(call.session, (tasks = new Map()))
  return tasks
}

/**
 * Run with a signal that ends on `taskAbort`, with the frame, or after `timeout` milliseconds; failures become
 * WeChat's reasons.
 */
export async function runTask<T>(
  call: HostCall,
  timeout: number,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  // Components load pictures without a task of the program's.
  const id = call.args.taskId === undefined ? Symbol('task') : number(call.args, 'taskId')
  const tasks = tasksOf(call)
  const controller = new AbortController()
  tasks.set(id, controller)
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    controller.abort()
  }, timeout)
  const end = () => controller.abort()
  call.signal.addEventListener('abort', end)
  try {
    return await run(controller.signal)
  } catch (error) {
    if (timedOut) throw fail('timeout', 5)
    if (controller.signal.aborted) throw fail('abort')
    // Browsers give no reason, so that pages cannot explore a network.
    throw error instanceof TypeError || error instanceof DOMException ? networkFailure() : error
  } finally {
    clearTimeout(timer)
    call.signal.removeEventListener('abort', end)
    tasks.delete(id)
  }
}

export const networkFailure = () =>
  globalThis.navigator?.onLine === false
    ? fail('net::ERR_INTERNET_DISCONNECTED', 600003)
    : fail('net::ERR_FAILED', 600001)

export const taskAbort: Capability = (call) => {
  tasksOf(call).get(number(call.args, 'taskId'))?.abort()
  return {}
}

/** Each piece of a body as it comes. */
export async function readChunks(body: ReadableStream<Uint8Array> | null, take: (data: ArrayBuffer) => void): Promise<void> {
  const reader = body?.getReader()
  if (!reader) return
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      take(value.slice().buffer)
    }
  } finally {
    void reader.cancel().catch(() => undefined)
  }
}
