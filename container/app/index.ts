/**
 * The super app: a page that is installed like an app, shows the mini programs that its workspace releases and runs
 * them. Served at /app/WORKSPACE/; `?program=KEY` opens one at once, with `&trial=TOKEN` a tester's version of it.
 */
import { EdenHost, type HostEventDetail } from '../host'
import { words } from './words'

/** As the server's device side gives it. */
interface Catalogue {
  name: string
  programs: { key: string; name: string }[]
}

const KEPT = 'eden.catalogue'
/** ms */
const TOAST = 8000
const element = (id: string): HTMLElement => document.getElementById(id)!
const { say, locale } = words(navigator.language)

class App {
  private readonly workspace = decodeURIComponent(location.pathname.split('/').filter(Boolean).at(1) ?? '')
  private readonly device = new URL(`/device/v1/${encodeURIComponent(this.workspace)}/`, location.href).href
  private readonly home = element('home')
  private readonly screen = element('phone')
  private readonly host: EdenHost

  constructor() {
    document.documentElement.lang = locale === 'en' ? 'en' : 'zh-CN'
    // A window of a desk has the phone's frame around it, a phone is the frame.
    const framed = matchMedia('(min-width: 700px) and (min-height: 600px)').matches
    this.host = new EdenHost({
      container: this.screen, runtimeUrl: 'runtime.js', locale, platform: { url: this.device },
      ...(!framed && { system: { statusBarHeight: 0 } }),
    })
    this.on('front', ({ url }) => { if (!url) this.showHome() })
    this.on('update', ({ version, url }) => this.offer(version, url))
    this.on('updateRefused', ({ text }) => this.toast(say('refused', { text }), say('close'), () => {}))
    window.addEventListener('online', () => void this.load())
    window.addEventListener('offline', () => this.showState())
  }

  async start(): Promise<void> {
    void navigator.serviceWorker?.register('worker.js').catch(() => undefined)
    const query = new URLSearchParams(location.search)
    const program = query.get('program')
    if (program) {
      // the token is not to stay in the address bar, where it is copied from
      history.replaceState(null, '', location.pathname)
      this.open(program, query.get('trial') ?? undefined)
    }
    await this.load()
  }

  private on<K extends 'front' | 'update' | 'updateRefused'>(name: K, hear: (detail: HostEventDetail<K>) => void): void {
    this.host.addEventListener(name, (event) => hear((event as CustomEvent<HostEventDetail<K>>).detail))
  }

  private async load(): Promise<void> {
    this.showState()
    let catalogue: Catalogue | undefined
    try {
      const answer = await fetch(`${this.device}programs`)
      if (answer.status === 404) return this.show(undefined, say('unknown'))
      if (!answer.ok) throw new Error(String(answer.status))
      catalogue = await answer.json() as Catalogue
      keep(this.workspace, catalogue)
    } catch {
      catalogue = kept(this.workspace)
    }
    await this.show(catalogue, say(catalogue ? 'empty' : 'offline'))
  }

  private async show(catalogue: Catalogue | undefined, nothing: string): Promise<void> {
    document.title = this.home.querySelector('h1')!.textContent = catalogue?.name ?? 'Eden'
    const trials = await this.host.platform!.trials()
    const name = (key: string): string => catalogue?.programs.find((one) => one.key === key)?.name ?? key
    const programs = catalogue?.programs ?? []
    const groups = [
      ...(programs.length ? [this.group(say('programs'), programs)] : []),
      ...(trials.length ? [this.group(say('trials'), trials.map(({ key, trial }) => ({ key, trial, name: name(key) })))] : []),
    ]
    element('programs').replaceChildren(...groups.flat())
    if (groups.length === 0) element('state').textContent = nothing
  }

  private group(title: string, programs: { key: string; name: string; trial?: string | undefined }[]): HTMLElement[] {
    const head = document.createElement('h2')
    head.textContent = title
    const list = document.createElement('ul')
    list.className = 'tiles'
    list.append(...programs.map(({ key, name, trial }) => {
      const tile = document.createElement('button')
      tile.className = trial === undefined ? 'tile' : 'tile trial'
      const icon = document.createElement('i')
      icon.setAttribute('aria-hidden', 'true')
      icon.textContent = [...name][0] ?? '·'
      tile.append(icon, name)
      tile.addEventListener('click', () => this.open(key, trial))
      const item = document.createElement('li')
      item.append(tile)
      return item
    }))
    return [head, list]
  }

  /** The program in front can be started anew at once; those behind it take the version when they are started. */
  private offer(version: string, url: string): void {
    if (this.host.current?.url !== url) return
    this.toast(say('update', { version }), say('restart'), () => {
      if (this.host.current?.url === url) void this.host.reload()
    })
  }

  private open(key: string, trial?: string): void {
    this.screen.hidden = false
    this.home.hidden = true
    void this.host.open(this.host.platform!.address(key, trial))
  }

  private showHome(): void {
    this.screen.hidden = true
    this.home.hidden = false
    void this.load()
  }

  private showState(): void { element('state').textContent = navigator.onLine ? '' : say('offline') }

  private toast(text: string, label: string, run: () => void): void {
    const toast = document.createElement('div')
    toast.className = 'toast'
    const button = document.createElement('button')
    button.textContent = label
    button.addEventListener('click', () => { toast.remove(); run() })
    toast.append(text, button)
    element('toasts').replaceChildren(toast)
    setTimeout(() => toast.remove(), TOAST)
  }
}

/** What was there when the server was reached last; browsers may refuse to keep it. */
function kept(workspace: string): Catalogue | undefined {
  try {
    const text = localStorage.getItem(`${KEPT} ${workspace}`)
    return text === null ? undefined : JSON.parse(text) as Catalogue
  } catch {
    return undefined
  }
}

function keep(workspace: string, catalogue: Catalogue): void {
  try {
    localStorage.setItem(`${KEPT} ${workspace}`, JSON.stringify(catalogue))
  } catch {
    // then there is none without a network
  }
}

void new App().start()
