/**
 * The secure keyboard, as the page around it sees it: a sandboxed frame that is handed a signed offer and a port, and
 * gives back counts and one sealed text. Nothing else of what is pressed comes out of the frame.
 */
import type { SystemInfo } from '../../bridge/messages'
import type { ToFrame, ToHost } from '../../components/keyboard/messages'
import type { Offer } from '../../components/keyboard/sealing'
import { CapabilityError, cancelled, fail } from '../capabilities/types'
import type { SheetLayer } from '../chrome/sheet'
import { randomText } from '../frame/document'
import { keyboardDocument } from './document'
import type { KeyboardOptions, KeyboardRequest, KeyboardResult } from './options'

/** Until the server has answered, and until the frame says hello. ms */
const START_LIMIT = 15_000
/** px before the frame has told its height */
const FIRST_HEIGHT = 380
/** px: lower than any keyboard, higher than any */
const [LOWEST, HIGHEST] = [100, 700]

interface Surroundings {
  sheets: SheetLayer
  fetch: typeof globalThis.fetch
  file(name: string): string
  system(): SystemInfo
  locale: 'zh_CN' | 'en'
}

export class SecureKeyboard {
  private script: Promise<string> | undefined
  private busy = false

  constructor(private readonly options: KeyboardOptions, private readonly around: Surroundings) {}

  /** Show it. Rejects with a CapabilityError: `cancel`, or why it cannot be had. */
  async open(request: KeyboardRequest): Promise<KeyboardResult> {
    if (this.busy) throw fail('the keyboard is open already')
    this.busy = true
    try {
      const [offer, script] = await Promise.all([this.offer(request), this.text()])
      if (request.signal?.aborted) throw cancelled()
      return await this.show(request, offer, script)
    } finally {
      this.busy = false
    }
  }

  private async show(request: KeyboardRequest, offer: Offer, script: string): Promise<KeyboardResult> {
    const element = document.createElement('iframe')
    const { port1, port2 } = new MessageChannel()
    element.setAttribute('sandbox', 'allow-scripts')
    element.setAttribute('referrerpolicy', 'no-referrer')
    element.title = request.title || request.program
    element.style.cssText = 'display:block;width:100%;border:0'
    const room = (): number => this.around.system().screenHeight
    let wanted = FIRST_HEIGHT
    const grow = (height = wanted): void => {
      wanted = Math.min(Math.max(height, LOWEST), HIGHEST)
      element.style.height = `${Math.min(wanted, room())}px`
    }
    grow()
    element.srcdoc = keyboardDocument(script)
    let timer: ReturnType<typeof setTimeout> | undefined
    // a phone that is turned has another height
    const turned = new ResizeObserver(() => {
      grow()
      port1.postMessage({ kind: 'room', room: room() } satisfies ToFrame)
    })
    const undo: (() => void)[] = [() => clearTimeout(timer), () => turned.disconnect(), () => port1.close()]
    try {
      return await new Promise((resolve, reject) => {
        const leave = (): void => reject(cancelled())
        const hello = (event: MessageEvent): void => {
          const target = element.contentWindow
          if (!target || event.source !== target || (event.data as { eden?: unknown } | null)?.eden !== 'keyboard') return
          window.removeEventListener('message', hello)
          clearTimeout(timer)
          // the frame's origin is opaque and has no name: "*" is the only target there is
          target.postMessage({ eden: 'port' }, '*', [port2])
          port1.postMessage(this.opening(request, offer))
        }
        timer = setTimeout(() => reject(fail('the keyboard did not start')), START_LIMIT)
        window.addEventListener('message', hello)
        request.signal?.addEventListener('abort', leave)
        port1.onmessage = ({ data }) => this.receive(data as ToHost, request, grow, port1, resolve, reject)
        const sheet = this.around.sheets.show(element.title, [element], leave)
        sheet.element.style.cssText += ';padding:0;max-height:none'
        turned.observe(sheet.element.parentElement!)
        element.focus()
        undo.push(
          () => window.removeEventListener('message', hello),
          () => request.signal?.removeEventListener('abort', leave),
          () => sheet.close(),
        )
      })
    } finally {
      for (const step of undo) step()
    }
  }

  private receive(
    message: ToHost, request: KeyboardRequest, grow: (height: number) => void, port: MessagePort,
    resolve: (result: KeyboardResult) => void, reject: (error: CapabilityError) => void,
  ): void {
    switch (message.kind) {
      case 'height':
        grow(message.height)
        break
      case 'count':
        request.counted?.(message.count)
        break
      case 'renew':
        this.offer(request).then((offer) => port.postMessage({ kind: 'offer', offer } satisfies ToFrame), reject)
        break
      case 'done':
        resolve({ encryptedValue: message.value, count: message.count })
        break
      case 'cancel':
        reject(cancelled())
        break
      case 'failed':
        reject(fail(message.reason))
    }
  }

  private opening(request: KeyboardRequest, offer: Offer): ToFrame {
    const { app, purpose, user, kind, length = 0, shuffle = false, bound = '', salt = '', hash = '', title = '' } = request
    const { theme, screenHeight, safeArea } = this.around.system()
    return {
      kind: 'open', offer, pins: this.options.pins, algorithms: this.options.algorithms,
      wanted: { app, purpose, user, kind }, length, shuffle, bound, salt, hash, title, program: request.program, theme,
      locale: this.around.locale, inset: Math.max(0, screenHeight - safeArea.bottom),
      room: screenHeight,
    }
  }

  private async offer({ app, purpose, user }: KeyboardRequest): Promise<Offer> {
    const base = new URL(this.options.url, document.baseURI).href.replace(/\/?$/, '/')
    const url = new URL('session', base)
    const challenge = randomText()
    url.search = new URLSearchParams({ app, purpose, user, challenge }).toString()
    try {
      const response = await this.around.fetch(url.href, {
        credentials: 'omit', cache: 'no-store', signal: AbortSignal.timeout(START_LIMIT),
      })
      if (!response.ok) throw fail(`the server offers no key for this (${response.status})`)
      return { ...await response.json() as Omit<Offer, 'challenge'>, challenge }
    } catch (error) {
      throw error instanceof CapabilityError ? error : fail('the server of the keyboard cannot be reached')
    }
  }

  private text(): Promise<string> {
    this.script ??= this.load()
    this.script.catch(() => { this.script = undefined })
    return this.script
  }

  private async load(): Promise<string> {
    try {
      const response = await this.around.fetch(this.around.file('keyboard.js'))
      if (!response.ok) throw new Error(String(response.status))
      return await response.text()
    } catch {
      throw fail('the keyboard could not be loaded')
    }
  }
}
