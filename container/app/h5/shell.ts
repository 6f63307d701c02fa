/**
 * The shell: the one page that the server gives out on a program's origin. It listens to the super app that framed it,
 * keeps the files that it is handed, installs the service worker that serves them, and runs the program in a frame of
 * the same origin, so that the package's pages stay as they were signed: title, errors and first paint are seen from
 * here.
 */
import { WebCollector } from './collector'
import { contentType } from './files'
import { activate, forget, makeRoom, openFiles, readVersion, writeFile, writeVersion, type Version } from './store'
import { CONNECT, HELLO, RESERVED, type FromShell, type ToShell } from './wire'

/** ms */
const LOOK = 200
/** script errors that are told of one start; a program that throws in a loop has said enough */
const MAX_ERRORS = 20

class Shell {
  private version: Version | undefined
  private title = ''
  private frame: HTMLIFrameElement | undefined
  private storing: Promise<void> = Promise.resolve()
  private readonly worker = serviceWorker()

  constructor(private readonly port: MessagePort, private readonly platforms: string[]) {
    this.worker.catch(() => undefined)
    port.onmessage = ({ data }: MessageEvent<ToShell>) => {
      // one after the other: a file is on the disk before the next one is taken
      this.storing = this.storing.then(() => this.receive(data)).catch((error: unknown) => {
        const { name, message } = error instanceof Error || error instanceof DOMException ? error : { name: '', message: String(error) }
        this.send({ kind: 'failed', message, storage: name === 'SecurityError' })
      })
    }
  }

  private send(message: FromShell): void { this.port.postMessage(message) }

  private async receive(message: ToShell): Promise<void> {
    switch (message.kind) {
      case 'open': {
        const { id, h5, title } = message
        this.version = { id, h5, platforms: this.platforms }
        this.title = title
        const there = await readVersion(id)
        if (!there) await forget(id)
        return this.send({ kind: there ? 'have' : 'want' })
      }
      case 'file': {
        await this.keep(message.path, message.bytes)
        return this.send({ kind: 'kept' })
      }
      case 'start':
        // the origins of the platform may have changed since the version was kept
        await this.room(() => writeVersion(this.version!))
        await activate(this.version!.id)
        await this.worker
        this.run(this.version!.h5.mainUrl, message.collect)
        return this.send({ kind: 'started' })
      case 'back':
        return this.frame && peek(this.frame)?.history.back()
    }
  }

  private async keep(path: string, bytes: ArrayBuffer): Promise<void> {
    const files = await openFiles(this.version!.id)
    await this.room(() => writeFile(files, path, contentType(path, bytes), bytes))
  }

  /** Write; once more without the other versions when the browser has no room. */
  private async room(write: () => Promise<void>): Promise<void> {
    try {
      await write()
    } catch {
      await makeRoom(this.version!.id)
      await write()
    }
  }

  // ---- the program -----------------------------------------------------------------------------------------------

  private run(address: string, collect: boolean): void {
    const frame = this.frame = document.createElement('iframe')
    frame.src = address
    frame.title = this.title
    frame.allow = 'autoplay; clipboard-write; fullscreen; web-share'
    let errors = 0
    const told = (message: string): void => {
      if (errors++ < MAX_ERRORS) this.send({ kind: 'error', message })
    }
    const listen = listeners(this.version!.h5.virtualHost, told)
    const collector = collect ? new WebCollector((notice) => this.send({ kind: 'notice', notice })) : undefined
    let painted = false
    let title: string | undefined
    let back = false
    const look = (): void => {
      const inside = peek(frame)
      if (!inside) {
        // it went to a page of another origin, which counts as shown
        if (!painted) this.send({ kind: 'painted' })
        painted = true
        return
      }
      listen(inside)
      collector?.look(inside)
      if (!painted && inside.performance.getEntriesByName('first-contentful-paint').length > 0) {
        painted = true
        this.send({ kind: 'painted' })
      }
      if (inside.document.title !== title) this.send({ kind: 'title', title: title = inside.document.title })
      // browsers that do not know it have a button of their own
      const { canGoBack = false } = (inside as { navigation?: { canGoBack?: boolean } }).navigation ?? {}
      if (canGoBack !== back) this.send({ kind: 'way', back: back = canGoBack })
    }
    frame.addEventListener('load', () => {
      look()
      this.send({ kind: 'loaded' })
    })
    document.body.append(frame)
    look()
    setInterval(look, LOOK)
    frame.focus()
  }
}

/** The frame's window while it is of this origin. */
function peek(frame: HTMLIFrameElement): Window | undefined {
  try {
    const inside = frame.contentWindow
    return inside && inside.document ? inside : undefined
  } catch {
    return undefined
  }
}

/** What is listened for in the program's window; the same functions each time, so that a window hears them once. */
function listeners(virtualHost: string, told: (message: string) => void): (inside: Window) => void {
  const error = ({ message, filename, lineno }: ErrorEvent): void => {
    if (message) told(filename ? `${message} (${filename}:${lineno})` : message)
  }
  const rejection = ({ reason }: PromiseRejectionEvent): void => {
    told(`unhandled rejection: ${(reason as { message?: unknown } | undefined)?.message ?? reason}`)
  }
  // Links to pages of the package: the program has one window, and its virtual host name leads nowhere. Other sites open
  // as they want.
  const click = (event: MouseEvent): void => {
    const link = (event.target as Element | null)?.closest?.('a[href]') as HTMLAnchorElement | null | undefined
    if (!link || event.defaultPrevented || event.button !== 0 || link.hasAttribute('download')) return
    const { origin, hostname, protocol, pathname, search, hash } = link
    const virtual = hostname === virtualHost && /^https?:$/.test(protocol)
    const elsewhere = /^_(blank|top|parent)$/.test(link.target)
    if (!virtual && !(elsewhere && origin === location.origin)) return
    event.preventDefault()
    link.ownerDocument.defaultView?.location.assign(pathname + search + hash)
  }
  return (inside) => {
    inside.addEventListener('error', error)
    inside.addEventListener('unhandledrejection', rejection)
    inside.addEventListener('click', click)
  }
}

/** Resolves when the worker serves this origin. */
async function serviceWorker(): Promise<void> {
  const workers = (navigator as { serviceWorker?: ServiceWorkerContainer }).serviceWorker
  if (!workers) throw new Error('this browser has no service workers here')
  await workers.register(`${RESERVED}worker.js`, { scope: '/', updateViaCache: 'none' })
  await workers.ready
}

const platforms = document.querySelector<HTMLMetaElement>('meta[name=eden-platforms]')!.content.split(' ')

if (window.parent === window) {
  document.querySelector('p')!.hidden = false
} else {
  let connected = false
  window.addEventListener('message', ({ data, origin, source, ports }) => {
    if (connected || source !== window.parent || !platforms.includes(origin) || data !== CONNECT || !ports[0]) return
    connected = true
    void new Shell(ports[0], platforms)
  })
  // says nothing but that it listens, so it may be heard by anybody
  window.parent.postMessage(HELLO, '*')
}
