/** The super app's end of the talk with a shell: find it, hand it files that it has not, hear how the program does. */
import { unpack, type ZipEntry } from './unzip'
import { CONNECT, HELLO, readMessage, SHELL, type FromShell, type H5, type Heard, type ToShell } from './wire'

/** ms; without an answer for so long the program's origin is not reachable */
const CONNECT_LIMIT = 15_000
/** files on their way at once: memory for them, against waiting for each */
const AHEAD = 8

/** messages of a running program in a second; a shell tells a handful, and a program that speaks in its name is not to hold the phone up */
const FLOOD = 200

/** The program cannot be run here and now, for no fault of its version. */
export class LinkError extends Error {
  constructor(readonly fault: 'unreachable' | 'storage' | 'refused', detail: string) {
    super(detail)
    this.name = 'LinkError'
  }
}

interface Waiter {
  wants: readonly FromShell['kind'][]
  resolve(message: FromShell): void
  reject(error: LinkError): void
}

export class Link {
  private port: MessagePort | undefined
  private waiter: Waiter | undefined
  private missed: FromShell[] = []
  private second = 0
  private count = 0

  /** `heard` gets what the program does once it runs. */
  constructor(
    private readonly frame: HTMLIFrameElement, private readonly origin: string,
    private readonly heard: (message: Heard) => void, private readonly signal: AbortSignal,
  ) {}

  /** Load the shell, and give it a port. Rejects with LinkError. */
  async connect(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => end(new LinkError('unreachable', `${this.origin} does not answer`)), CONNECT_LIMIT)
      const left = (): void => end(new LinkError('unreachable', 'closed'))
      const listen = ({ data, origin, source }: MessageEvent): void => {
        if (source === this.frame.contentWindow && origin === this.origin && data === HELLO) end()
      }
      const end = (error?: LinkError): void => {
        clearTimeout(timer)
        window.removeEventListener('message', listen)
        this.signal.removeEventListener('abort', left)
        if (error) reject(error)
        else resolve()
      }
      window.addEventListener('message', listen)
      this.signal.addEventListener('abort', left)
      this.frame.src = this.origin + SHELL
    })
    const { port1, port2 } = new MessageChannel()
    this.port = port1
    port1.onmessage = ({ data }) => this.receive(readMessage(data))
    this.signal.addEventListener('abort', () => {
      port1.close()
      this.waiter?.reject(new LinkError('unreachable', 'closed'))
    })
    // nobody but the program's origin gets the port
    this.frame.contentWindow!.postMessage(CONNECT, this.origin, [port2])
  }

  /** Whether the shell has this version's files. */
  async open(id: string, h5: H5, title: string): Promise<boolean> {
    return (await this.ask({ kind: 'open', id, h5, title }, 'have', 'want')).kind === 'have'
  }

  /** Hand over the files; each one is unpacked when it is its turn. */
  async fill(entries: readonly ZipEntry[], progress: (share: number) => void): Promise<void> {
    const total = entries.reduce((sum, { size }) => sum + size, 0)
    let sent = 0
    let waiting = 0
    for (const entry of entries) {
      const bytes = await unpack(entry)
      if (waiting === AHEAD) await this.next('kept')
      else waiting++
      this.send({ kind: 'file', path: entry.path, bytes }, [bytes])
      progress((sent += entry.size) / Math.max(1, total))
    }
    for (; waiting > 0; waiting--) await this.next('kept')
  }

  /** Start the program; from now on it is heard. */
  async start(collect: boolean): Promise<void> { await this.ask({ kind: 'start', collect }, 'started') }

  private floods(): boolean {
    const second = Math.floor(performance.now() / 1000)
    if (second !== this.second) [this.second, this.count] = [second, 0]
    if (++this.count <= FLOOD) return false
    this.port?.close()
    return true
  }

  back(): void { this.send({ kind: 'back' }) }

  private ask(message: ToShell, ...wants: FromShell['kind'][]): Promise<FromShell> {
    this.send(message)
    return this.next(...wants)
  }

  private send(message: ToShell, transfer: Transferable[] = []): void { this.port?.postMessage(message, transfer) }

  private async next(...wants: FromShell['kind'][]): Promise<FromShell> {
    if (this.signal.aborted) throw new LinkError('unreachable', 'closed')
    return new Promise((resolve, reject) => {
      this.waiter = { wants, resolve, reject }
      const missed = this.missed.shift()
      if (missed) this.receive(missed)
    })
  }

  private receive(message: FromShell | undefined): void {
    if (!message) return
    switch (message.kind) {
      case 'painted':
      case 'loaded':
      case 'title':
      case 'way':
      case 'error':
      case 'notice':
        if (!this.floods()) this.heard(message)
        return
    }
    const { waiter } = this
    this.waiter = undefined
    if (!waiter) {
      if (this.missed.length <= AHEAD) this.missed.push(message)
    } else if (message.kind === 'failed') {
      waiter.reject(new LinkError(message.storage ? 'storage' : 'refused', message.message))
    } else if (waiter.wants.includes(message.kind)) {
      waiter.resolve(message)
    } else {
      waiter.reject(new LinkError('refused', `the shell answered ${message.kind}`))
    }
  }
}
