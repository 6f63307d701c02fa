/**
 * wx.createWorker: a real worker. It gets the program's module archive as text and runs only what is required, so
 * its code sees no page and no wx.
 */
import type { Runtime } from '../runtime/context'
import type { Area, AreaFactory } from './kit'
import { Listeners } from './listeners'

/** The loader inside the worker; `entry` is the module to run. Kept as a function so that it is type-checked. */
function workerMain(entry: string): void {
  const scope = globalThis as any
  const modules = new Map<
    string,
    { run?: (...args: unknown[]) => void; value?: unknown; module?: { exports: unknown } }
  >()
  // Modules read the global object under this name.
  scope.global = scope
  scope.eden = {
    define(path: string, body: unknown) {
      modules.set(path, typeof body === 'function' ? { run: body as () => void } : { value: body })
    },
  }
  const resolve = (from: string, path: string): string => {
    const parts = path.startsWith('/') ? [] : from.split('/').slice(0, -1)
    for (const part of path.split('/')) {
      if (part === '..') parts.pop()
      else if (part !== '.' && part !== '') parts.push(part)
    }
    const name = parts.join('/')
    return [name, `${name}.js`, `${name}/index.js`, `${name}.json`].find((one) => modules.has(one)) ?? name
  }
  const load = (path: string): unknown => {
    const found = modules.get(path)
    if (!found) throw new Error(`module '${path}' is not defined`)
    if (!found.run) return found.value
    if (!found.module) {
      const module = (found.module = { exports: {} })
      const require = (request: string) => load(resolve(path, request))
      require.async = async (request: string) => require(request)
      found.run.call(module.exports, require, module, module.exports)
    }
    return found.module.exports
  }
  const listeners: ((message: unknown) => void)[] = []
  scope.worker = {
    postMessage: (message: unknown) => scope.postMessage({ message }),
    onMessage: (listener: (message: unknown) => void) => void listeners.push(listener),
    testOnProcessKilled: () => undefined,
  }
  scope.addEventListener('message', (event: MessageEvent) => listeners.forEach((listener) => listener(event.data)))
  scope.start = () => load(resolve('', entry))
}

/** The archive that holds a module, of those that the frame has. */
function archiveOf(rt: Runtime, path: string): string | undefined {
  for (const files of Object.values(rt.boot.packages)) {
    const scripts = files['code/scripts.js']
    if (!scripts) continue
    const text = new TextDecoder().decode(scripts)
    if (text.includes(`__define(${JSON.stringify(path)}`)) return text
  }
  return undefined
}

export class ProgramWorker {
  readonly onMessage: (listener: (message: any) => void) => void
  readonly onError: (listener: (error: any) => void) => void
  readonly onProcessKilled: (listener: () => void) => void

  constructor(rt: Runtime, private readonly worker: Worker, private readonly ended: () => void) {
    const messages = new Listeners<any>(rt, 'Worker.onMessage')
    const errors = new Listeners<any>(rt, 'Worker.onError')
    const kills = new Listeners<any>(rt, 'Worker.onProcessKilled')
    this.onMessage = messages.on
    this.onError = errors.on
    this.onProcessKilled = kills.on
    worker.onmessage = ({ data }) => messages.emit(data.message)
    worker.onerror = (event) => {
      event.preventDefault()
      errors.emit({ message: event.message, filename: event.filename, lineno: event.lineno })
      rt.notify({ kind: 'error', type: 'error', message: `worker: ${event.message}` })
    }
  }

  readonly postMessage = (message: unknown): void => this.worker.postMessage(message)

  readonly terminate = (): void => {
    this.worker.terminate()
    this.ended()
  }
}

export const workers: AreaFactory = (rt): Area => {
  let running: ProgramWorker | undefined

  const createWorker = (path: string): ProgramWorker => {
    if (running) throw new Error('createWorker:fail exceed max concurrent worker limit')
    const entry = String(path).replace(/^\//, '').replace(/(\.js)?$/, '.js')
    const archive = archiveOf(rt, entry)
    if (!archive) throw new Error(`createWorker:fail file not found: ${path}`)
    const source = `(${workerMain.toString()})(${JSON.stringify(entry)});\n${archive}\n;start()`
    const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }))
    const worker = new Worker(url)
    URL.revokeObjectURL(url)
    running = new ProgramWorker(rt, worker, () => { running = undefined })
    return running
  }

  return {
    sync: { createWorker },
    partial: { createWorker: 'the worker has no wx object' },
  }
}
