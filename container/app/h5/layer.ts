/**
 * The screen of a web application: a bar with its title, and a frame on the program's own origin. Its version comes
 * from the platform like a mini program's, and how its start went is told there, so that two bad starts bring the
 * version before back.
 */
import type { Happening, Platform } from '../../host'
import { PackageError, type PackageFault } from '../../host/package/error'
import type { Manifest } from '../../host/package/manifest'
import type { Say } from '../words'
import { Link, LinkError } from './link'
import { zipEntries } from './unzip'
import { StartWatch, type Outcome } from './watch'
import { readH5 } from './wire'

/** ms */
const TICK = 250
const MAX_TITLE = 60
/**
 * No way to the page around it (top navigation), and no device capability is delegated: permissions would be asked for
 * in the platform's name. Links to elsewhere open as pages of their own.
 */
const SANDBOX = 'allow-scripts allow-same-origin allow-forms allow-modals allow-downloads allow-popups allow-popups-to-escape-sandbox'
const ALLOW = 'autoplay; clipboard-write; fullscreen; web-share'
/** what no other try would change; a download that broke off is no fault of the version */
const OF_VERSION: ReadonlySet<PackageFault> = new Set(['archive', 'manifest'])

const CLOSE =
  '<svg width="18" height="18" viewBox="0 0 18 18" fill="none" stroke="currentColor" stroke-width="1.8" aria-hidden="true">' +
  '<circle cx="9" cy="9" r="7.5"/><circle cx="9" cy="9" r="2.6" fill="currentColor"/></svg>'
const BACK =
  '<svg width="12" height="20" viewBox="0 0 12 20" fill="none" stroke="currentColor" stroke-width="2" aria-hidden="true">' +
  '<path d="M10 2 2 10l8 8"/></svg>'
const AGAIN =
  '<svg width="18" height="18" viewBox="0 0 18 18" fill="none" stroke="currentColor" stroke-width="1.8" aria-hidden="true">' +
  '<path d="M15 9a6 6 0 1 1-1.8-4.3M15 2v3.5h-3.5"/></svg>'

/** A web application to show. */
export interface WebProgram {
  url: string
  manifest: Manifest
  name: string
  /** where it runs; undefined: the server has no address for it */
  origin: Promise<string | undefined>
  /** the same page where programs are of the same site, if it is at another address */
  sameSite: Promise<string | undefined>
  /** somebody collects what it does (docs/observe.md) */
  collected: boolean
  /** for them */
  observe(happening: Happening): void
}

export interface Surroundings {
  platform: Platform
  say: Say
  /** the person has closed it */
  closed(): void
  /** start the program at this address from the beginning */
  open(url: string): void
}

interface Running extends WebProgram {
  /** ends everything that belongs to it */
  abort: AbortController
  frame: HTMLIFrameElement
  /** the platform waits to hear how its start goes */
  tried: boolean
  started: boolean
}

export class WebLayer {
  private running: Running | undefined
  private link: Link | undefined
  private readonly back: HTMLButtonElement
  private readonly title = document.createElement('strong')
  private readonly stage = document.createElement('div')
  private readonly cover = document.createElement('div')

  constructor(private readonly element: HTMLElement, private readonly around: Surroundings) {
    const { say } = around
    const bar = document.createElement('header')
    const capsule = document.createElement('div')
    capsule.className = 'capsule'
    // constant markup of our own
    capsule.append(
      this.button('', say('reopen'), AGAIN, () => this.restart()), this.button('', say('closeProgram'), CLOSE, () => this.close()),
    )
    this.back = this.button('back', say('back'), BACK, () => this.link?.back())
    bar.append(this.back, this.title, capsule)
    this.stage.className = 'stage'
    this.cover.className = 'cover'
    element.replaceChildren(bar, this.stage, this.cover)
  }

  /** The address of the program that is shown. */
  get url(): string | undefined { return this.running?.url }

  /** Show a program and start it. Never rejects: faults are shown. */
  async open(program: WebProgram): Promise<void> {
    this.leave()
    const frame = document.createElement('iframe')
    const abort = new AbortController()
    const observe = (happening: Happening): void => { if (!abort.signal.aborted) program.observe(happening) }
    const running: Running = { ...program, observe, abort, frame, tried: false, started: false }
    this.running = running
    this.showBar(program.name)
    this.element.setAttribute('aria-label', program.name)
    this.element.hidden = false
    const progress = this.showLoading(program.name)
    try {
      await this.start(running, progress)
    } catch (error) {
      if (this.running !== running) return
      if (error instanceof PackageError && OF_VERSION.has(error.fault)) await this.fail(running, error.message)
      else this.cannot(running, error)
    }
  }

  /** Start it anew, with the version that waits. */
  restart(): void {
    const { running } = this
    if (!running) return
    this.leave()
    this.around.open(running.url)
  }

  close(): void {
    if (!this.running) return
    this.leave()
    this.around.closed()
  }

  private async start(running: Running, progress: (share: number) => void): Promise<void> {
    const { platform, say } = this.around
    const { url, manifest, name, frame, abort: { signal } } = running
    const h5 = readH5(manifest.json.h5)
    const entry = manifest.packages[0]
    if (!h5 || !entry) throw new PackageError('manifest', name, 'is signed without the fields of a web application')
    const origin = await running.origin
    if (origin === undefined) throw new LinkError('refused', say('noAddress'))
    if (signal.aborted) return
    frame.setAttribute('sandbox', SANDBOX)
    frame.allow = ALLOW
    frame.title = name
    const watch = new StartWatch()
    const link = this.link = new Link(frame, origin, (message) => {
      switch (message.kind) {
        case 'title':
          this.title.textContent = message.title.trim().slice(0, MAX_TITLE) || name
          break
        case 'way':
          this.back.hidden = !message.back
          break
        case 'loaded':
          watch.load()
          break
        case 'error':
          watch.err(message.message)
          if (running.started) platform.erred(url, manifest, message.message)
          break
        case 'notice':
          running.observe({ what: 'notice', notice: message.notice })
          break
        case 'painted':
          this.settle(running, watch.paint())
      }
    }, signal)
    this.stage.replaceChildren(frame)
    const began = performance.now()
    await link.connect()
    const id = `${manifest.version.code} ${entry.sha256}`
    const there = await link.open(id, h5, name)
    running.tried = true
    await platform.starting(url, manifest)
    let filled = performance.now()
    running.observe({ what: 'phase', name: 'boot', ms: filled - began })
    if (!there) {
      const bytes = await platform.archive(url, entry)
      running.observe({ what: 'phase', name: 'download', ms: performance.now() - filled })
      await link.fill(zipEntries(bytes, entry.file), progress)
      filled = performance.now()
    }
    await link.start(running.collected)
    running.observe({ what: 'phase', name: 'boot', ms: performance.now() - filled })
    running.observe({ what: 'booted' })
    if (signal.aborted) return
    running.started = true
    platform.booted(url)
    const timer = setInterval(() => {
      if (!document.hidden) this.settle(running, watch.pass(TICK))
    }, TICK)
    signal.addEventListener('abort', () => clearInterval(timer))
  }

  private settle(running: Running, outcome: Outcome | undefined): void {
    if (!outcome || this.running !== running) return
    const { platform } = this.around
    if (typeof outcome === 'object') return void this.fail(running, outcome.failed)
    const focused = this.cover.contains(document.activeElement) || document.activeElement === document.body
    this.cover.hidden = true
    if (focused) running.frame.focus()
    if (outcome !== 'painted') return
    running.tried = false
    platform.painted(running.url, running.manifest)
    // the next version is fetched while this one is used
    void platform.check()
  }

  /** The version did not start. */
  private async fail(running: Running, reason: string): Promise<void> {
    const { url, manifest, name } = running
    running.observe({ what: 'crash', fault: 'start', message: reason })
    this.end(running)
    running.tried = false
    this.showBar(name)
    const { platform, say } = this.around
    this.showFault(running, say('failedTitle'), say('failedText', { name }), reason)
    const another = await platform.crashed(url, manifest, { reason, painted: false }).catch(() => false)
    // unless the person has done something about it meanwhile
    if (another && this.running === running) this.restart()
  }

  /** It cannot be run here and now: no fault of the version. */
  private cannot(running: Running, error: unknown): void {
    const { say } = this.around
    this.withdraw(running)
    this.end(running)
    const fault = error instanceof LinkError ? error.fault : 'refused'
    const words = ({ unreachable: 'unreachable', storage: 'noStorage', refused: 'cannotText' } as const)[fault]
    const detail = error instanceof Error ? error.message : String(error)
    this.showFault(running, say('cannotTitle'), say(words, { name: running.name }), detail)
    if (fault !== 'storage') return
    void running.sameSite.then((address) => {
      if (address !== undefined && this.running === running) location.assign(address)
    })
  }

  /** Stop what runs; before its first page that is nobody's fault. */
  private leave(): void {
    const { running } = this
    if (!running) return
    this.withdraw(running)
    this.end(running)
    this.running = undefined
    this.element.hidden = true
    this.stage.replaceChildren()
  }

  /** A start that did not come to its end is nobody's fault. */
  private withdraw(running: Running): void {
    if (running.tried) this.around.platform.left(running.url, running.manifest)
    running.tried = false
  }

  private end({ abort, frame, observe }: Running): void {
    observe({ what: 'end' })
    abort.abort()
    frame.remove()
  }

  private showBar(name: string): void {
    this.title.textContent = name
    this.back.hidden = true
  }

  // ---- covers ----------------------------------------------------------------------------------------------------

  private showLoading(name: string): (share: number) => void {
    const icon = document.createElement('i')
    icon.setAttribute('aria-hidden', 'true')
    icon.textContent = [...name][0] ?? '·'
    const label = document.createElement('span')
    label.textContent = name
    const bar = document.createElement('progress')
    bar.setAttribute('aria-label', this.around.say('loading'))
    this.cover.replaceChildren(icon, label, bar)
    this.cover.hidden = false
    return (share) => { bar.value = share }
  }

  private showFault(running: Running, title: string, text: string, detail: string): void {
    const { say } = this.around
    const head = document.createElement('h2')
    head.setAttribute('role', 'alert')
    head.textContent = title
    const words = document.createElement('p')
    words.textContent = text
    const code = document.createElement('code')
    code.textContent = detail
    const actions = document.createElement('div')
    actions.className = 'actions'
    actions.append(
      this.button('main', say('again'), say('again'), () => { if (this.running === running) this.restart() }),
      this.button('', say('closeProgram'), say('closeProgram'), () => this.close()),
    )
    this.cover.replaceChildren(head, words, code, actions)
    this.cover.hidden = false
  }

  /** `content` is constant: markup or words of our own. */
  private button(kind: string, label: string, content: string, run: () => void): HTMLButtonElement {
    const button = document.createElement('button')
    button.type = 'button'
    button.className = kind
    button.setAttribute('aria-label', label)
    button.innerHTML = content
    button.addEventListener('click', run)
    return button
  }
}
