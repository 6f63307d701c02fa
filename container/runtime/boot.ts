/** Entry of the frame's bundle: connect to the host, wait for the program, run it. */
import { HostPort } from './port'
import { ProgramRuntime } from './runtime'

const port = new HostPort()
let runtime: ProgramRuntime | undefined
let started: Promise<void> = Promise.resolve()

port.onBoot = (boot) => {
  if (runtime) return
  runtime = new ProgramRuntime(boot, port)
  started = runtime.start().catch((error: unknown) => {
    const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined }
    port.notify({ kind: 'error', type: 'error', message, ...(stack ? { stack } : {}) })
  })
}
port.onEvent = (event) => void started.then(() => runtime?.receive(event))
port.connect()
port.notify({ kind: 'loaded' })
