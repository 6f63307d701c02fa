/** One sandboxed frame: document, handshake, port. Knows nothing of programs. */
import { checkFrameMessage } from '../../bridge/check'
import type { HostMessage } from '../../bridge/messages'
import { guardDocument } from './document'
import type { DomainPolicy } from './policy'

/** From creation to the runtime's `loaded`. Slow phones need 2 s for a cold runtime. */
const START_LIMIT = 15_000
/** For the program's policy to be in place. */
const POLICY_LIMIT = 5_000

export class FrameError extends Error {}

export class Frame {
  readonly element = document.createElement('iframe')
  /** The runtime is loaded and waits for Boot; rejects with FrameError. */
  readonly ready: Promise<void>
  /** Every message after `loaded`, unchecked. */
  onMessage: (data: unknown) => void = () => {}
  /** The program navigated its frame away. Where to, the policy has kept it from getting. */
  onLeft: () => void = () => {}
  private port: MessagePort | undefined
  private policed: (() => void) | undefined
  private fail: (error: FrameError) => void = () => {}
  private readonly listen = (event: MessageEvent): void => this.handshake(event)

  constructor(parent: Node, runtime: string, policy: DomainPolicy) {
    const { element } = this
    // No allow-same-origin: the document's origin is opaque, without cookies, storage or a way to the page.
    element.setAttribute('sandbox', 'allow-scripts')
    element.setAttribute('allow', 'autoplay')
    element.setAttribute('referrerpolicy', 'no-referrer')
    element.title = ''
    element.srcdoc = guardDocument(runtime, policy)
    this.ready = new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.fail(new FrameError('the runtime did not start')), START_LIMIT)
      this.fail = (error) => { clearTimeout(timer); reject(error) }
      this.loaded = () => { clearTimeout(timer); resolve() }
    })
    this.ready.catch(() => undefined)
    window.addEventListener('message', this.listen)
    parent.appendChild(element)
  }

  private loaded: () => void = () => {}

  private handshake(event: MessageEvent): void {
    const target = this.element.contentWindow
    if (!target || event.source !== target) return
    const kind = (event.data as { eden?: unknown } | null)?.eden
    if (kind === 'policed') {
      this.policed?.()
    } else if (kind === 'left') {
      this.onLeft()
    } else if (kind === 'hello' && !this.port) {
      const { port1, port2 } = new MessageChannel()
      this.port = port1
      port1.onmessage = ({ data }) => this.first(data)
      // The frame's origin is opaque and has no name: "*" is the only target there is.
      target.postMessage({ eden: 'port' }, '*', [port2])
    }
  }

  private first(data: unknown): void {
    const checked = checkFrameMessage(data)
    if (!checked.ok || checked.message.kind !== 'loaded') return
    this.port!.onmessage = (event) => this.onMessage(event.data)
    this.loaded()
  }

  /** Narrow the policy for a program; resolves when it is in force. */
  narrow(content: string | undefined): Promise<void> {
    if (content === undefined) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new FrameError('the policy was not confirmed')), POLICY_LIMIT)
      this.policed = () => { clearTimeout(timer); resolve() }
      this.element.contentWindow?.postMessage({ eden: 'policy', content }, '*')
    })
  }

  post(message: HostMessage, transfer: Transferable[] = []): void {
    this.port?.postMessage(message, transfer)
  }

  destroy(): void {
    window.removeEventListener('message', this.listen)
    this.onMessage = () => {}
    if (this.port) this.port.onmessage = null
    this.port?.close()
    this.element.remove()
    this.fail(new FrameError('the frame was removed'))
  }
}
