/**
 * The super app: a page that is installed like an app, shows the programs that its workspace releases and runs them: mini
 * programs in the phone's sandboxed frames, H5 programs each on an origin of its own (`h5/`). Served at /app/WORKSPACE/; `?program=KEY` opens one at once, with `&trial=TOKEN` a tester's version of it.
 */
import { EdenHost, type Happening, type HostEventDetail } from '../host'
import type { Manifest } from '../host/package/manifest'
import { ConsentSheet } from './consent'
import { WebLayer } from './h5/layer'
import { programOrigin } from './h5/origin'
import { words } from './words'

/** As the server's device side gives it. */
interface Catalogue {
  name: string
  programs: { key: string; name: string; kind?: string }[]
  /** how addresses of H5 programs are made; null: the server has none for them */
  h5?: string | null
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
  private readonly web: WebLayer
  private readonly consent: ConsentSheet
  /** the list of programs: what is shown, and what is being loaded */
  private shown: Catalogue | undefined
  private catalogue: Promise<Catalogue | undefined> = Promise.resolve(undefined)

  constructor() {
    document.documentElement.lang = locale === 'en' ? 'en' : 'zh-CN'
    // A window of a desk has the phone's frame around it, a phone is the frame.
    const framed = matchMedia('(min-width: 700px) and (min-height: 600px)').matches
    this.host = new EdenHost({
      container: this.screen, runtimeUrl: 'runtime.js', locale, platform: { url: this.device },
      web: (url, manifest, observe) => void this.openWeb(url, manifest, observe),
      ...(!framed && { system: { statusBarHeight: 0 } }),
    })
    this.web = new WebLayer(element('web'), {
      platform: this.host.platform!, say, closed: () => this.showHome(), open: (url) => this.launch(url),
    })
    this.consent = new ConsentSheet(
      element('consent') as HTMLDialogElement, this.host.collect!, say, () => this.shown?.name ?? 'Eden',
    )
    const privacy = element('privacy')
    privacy.textContent = say('privacy')
    privacy.addEventListener('click', () => void this.consent.open().catch(() => undefined))
    this.on('undecided', () => this.toast(say('asking'), say('choose'), () => void this.consent.open().catch(() => undefined)))
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
    const loading = this.load()
    if (program) {
      // the token is not to stay in the address bar, where it is copied from
      history.replaceState(null, '', location.pathname)
      this.open(program, query.get('trial') ?? undefined)
    }
    await loading
  }

  private on<K extends 'front' | 'update' | 'updateRefused' | 'undecided'>(name: K, hear: (detail: HostEventDetail<K>) => void): void {
    this.host.addEventListener(name, (event) => hear((event as CustomEvent<HostEventDetail<K>>).detail))
  }

  private async load(): Promise<void> {
    this.showState()
    let unknown = false
    this.catalogue = this.fetch().catch(() => {
      unknown = true
      return undefined
    })
    const catalogue = await this.catalogue
    await this.show(catalogue, say(unknown ? 'unknown' : catalogue ? 'empty' : 'offline'))
  }

  /** The list of programs; what was seen last when there is no network. Rejects when the server knows no such workspace. */
  private async fetch(): Promise<Catalogue | undefined> {
    let answer: Response
    try {
      answer = await fetch(`${this.device}programs`)
      if (answer.ok) {
        const catalogue = await answer.json() as Catalogue
        keep(this.workspace, catalogue)
        return catalogue
      }
    } catch {
      return kept(this.workspace)
    }
    if (answer.status === 404) throw new Error('unknown')
    return kept(this.workspace)
  }

  private async show(catalogue: Catalogue | undefined, nothing: string): Promise<void> {
    this.shown = catalogue
    document.title = this.home.querySelector('h1')!.textContent = catalogue?.name ?? 'Eden'
    const trials = await this.host.platform!.trials()
    const name = (key: string): string => catalogue?.programs.find((one) => one.key === key)?.name ?? key
    const all = catalogue?.programs ?? []
    const programs = catalogue?.h5 ? all : all.filter(({ kind }) => kind !== 'h5')
    const groups = [
      ...(programs.length ? [this.group(say('programs'), programs)] : []),
      ...(trials.length ? [this.group(say('trials'), trials.map(({ key, trial }) => ({ key, trial, name: name(key) })))] : []),
    ]
    element('programs').replaceChildren(...groups.flat())
    const hidden = all.length - programs.length
    if (hidden) element('programs').append(this.note(say('webHidden', { count: String(hidden) })))
    else if (groups.length === 0) element('state').textContent = nothing
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
    const shown = (): boolean => (this.web.url ?? this.host.current?.url) === url
    if (!shown()) return
    this.toast(say('update', { version }), say('restart'), () => {
      if (!shown()) return
      if (this.web.url === url) this.web.restart()
      else void this.host.reload()
    })
  }

  private note(text: string): HTMLElement {
    const note = document.createElement('p')
    note.className = 'note'
    note.textContent = text
    return note
  }

  private open(key: string, trial?: string): void { this.launch(this.host.platform!.address(key, trial)) }

  private launch(url: string): void {
    this.screen.hidden = false
    this.home.hidden = true
    void this.host.open(url)
  }

  /** What the host found to be a web application, complete on this phone. */
  private async openWeb(url: string, manifest: Manifest, observe: (happening: Happening) => void): Promise<void> {
    const key = manifest.appId
    const name = this.shown?.programs.find((one) => one.key === key)?.name ?? key
    this.home.hidden = true
    const collected = this.host.collect?.frameKinds(url) !== undefined
    await this.web.open({
      url, manifest, name, origin: this.originOf(key), sameSite: this.sameSite(url, key), collected, observe,
    })
  }

  private async originOf(key: string): Promise<string | undefined> {
    const template = this.shown?.h5 ?? (await this.catalogue)?.h5
    return template ? programOrigin(template, this.workspace, key, location.origin) : undefined
  }

  /** On a laptop programs are below eden.localhost: for a page at 127.0.0.1 another site's. */
  private async sameSite(url: string, key: string): Promise<string | undefined> {
    const template = this.shown?.h5 ?? (await this.catalogue)?.h5
    const local = /^(https?:\/\/)\{key\}\.(eden\.localhost(:\d+)?)$/.exec(template ?? '')
    if (!local || location.hostname === 'eden.localhost') return undefined
    const query = new URLSearchParams({ program: key, ...Object.fromEntries(new URL(url).searchParams) })
    return `${local[1]}${local[2]}${location.pathname}?${query}`
  }

  private showHome(): void {
    this.screen.hidden = true
    if (this.web.url !== undefined) return
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
