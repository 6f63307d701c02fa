/** The frame's end of the bridge: calls with replies, notices, host events. */
import type { Boot, HostEvent, HostMessage, Notice, WireError, WireObject } from '../bridge/messages'
import type { HostError } from './context'

export function hostError(error: WireError): HostError {
  return Object.assign(new Error(error.reason), error) as HostError
}

export class HostPort {
  private port: MessagePort | undefined
  private backlog: { message: object; transfer: Transferable[] }[] = []
  private pending = new Map<number, { resolve: (value: WireObject) => void; reject: (error: HostError) => void }>()
  private nextId = 1
  onBoot: (boot: Boot) => void = () => {}
  onEvent: (event: HostEvent) => void = () => {}

  /** Say hello to the embedding page and take the port it answers with. */
  connect(): void {
    const receive = (event: MessageEvent) => {
      const port = event.ports[0]
      if (event.source !== window.parent || (event.data as { eden?: string } | null)?.eden !== 'port' || !port) return
      window.removeEventListener('message', receive)
      this.port = port
      port.onmessage = (message) => this.receive(message.data as HostMessage)
      for (const { message, transfer } of this.backlog.splice(0)) port.postMessage(message, transfer)
    }
    window.addEventListener('message', receive)
    window.parent.postMessage({ eden: 'hello' }, '*')
  }

  private receive(message: HostMessage): void {
    switch (message.kind) {
      case 'boot': return this.onBoot(message)
      case 'event': return this.onEvent(message)
      case 'ping': return this.send({ kind: 'pong', seq: message.seq })
      case 'reply': {
        const call = this.pending.get(message.id)
        this.pending.delete(message.id)
        if (message.error) call?.reject(hostError(message.error))
        else call?.resolve(message.value ?? {})
      }
    }
  }

  private send(message: object, transfer: Transferable[] = []): void {
    if (this.port) this.port.postMessage(message, transfer)
    else this.backlog.push({ message, transfer })
  }

  notify(notice: Notice): void {
    this.send(notice)
  }

  call(name: string, args: WireObject = {}, transfer: Transferable[] = []): Promise<WireObject> {
    const id = this.nextId++
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject })
      try {
        this.send({ kind: 'call', id, name, args }, transfer)
      } catch {
        // A function or another value that cannot be cloned.
        this.pending.delete(id)
        reject(hostError({ reason: 'parameter error: a value cannot leave the mini program' }))
      }
    })
  }
}
