/** The simulator's page: a phone, and around it what its developer wants to see and change. */
import { EdenHost, type CollectOptions, type HostEventDetail, type HostEvents } from '../host'
import type { KeyboardOptions } from '../host/keyboard/options'
import type { GatewayOptions } from '../host/rpc/options'
import { readZip } from '../host/package/zip'
import { ConsolePanel, type Level } from './console'
import { deviceOf } from './devices'
import { listen, stepTo, type Revision } from './live'
import { PagesPanel, urlOf } from './pages'
import { PermissionsPanel } from './permissions'
import { loadPreferences, savePreferences } from './preferences'
import { ErrorOverlay, ProblemsPanel } from './problems'
import { splitter } from './splitter'
import { SourceMaps } from './stacks'
import { Stage } from './stage'
import { StoragePanel } from './storage'
import { Tabs } from './tabs'
import { Toolbar } from './toolbar'
import { locale, speaker } from './words'

/** As `Simulator._settings` in src/eden/simulator/server.py gives it. */
interface Settings {
  /** address of the package */
  program: string
  event: Revision | null
  /** address for phones on the same network, and its QR code as SVG */
  public: string | null
  qr: string | null
  /** where this phone's records go, and what the program is called there; else they are only shown */
  collect?: { url: string; workspace: string; program: string }
  /** through which its programs call operations */
  gateway?: GatewayOptions
  keyboard?: KeyboardOptions
}

/** The part of manifest.json that is shown. */
interface Manifest {
  name: string
  pages: string[]
  req_permissions: { name: string }[]
}

/** A program that a debugger has stopped is not hung, ms. */
const HANG_LIMIT = 60_000
/** Storage and permissions are read again while they are shown, ms. */
const REFRESH = 1000

const element = (id: string): HTMLElement => document.getElementById(id)!

class Simulator {
  private readonly say = speaker(navigator.language)
  private readonly preferences = loadPreferences()
  private readonly stage = new Stage(element('stage'), element('device'), element('phone'), deviceOf(this.preferences.device))
  private readonly host: EdenHost
  private readonly toolbar: Toolbar
  private readonly tabs: Tabs
  private readonly overlay = new ErrorOverlay(this.say)
  private readonly console = new ConsolePanel(this.say, () => this.maps)
  private readonly pages = new PagesPanel(this.say, (url) => this.navigate(url))
  private readonly storage = new StoragePanel(this.say, () => this.host.inspector, () => this.restart())
  private readonly permissions = new PermissionsPanel(this.say, () => this.host.inspector)
  private readonly problems = new ProblemsPanel(this.say)
  private maps = this.newMaps()
  /** what runs */
  private shown: Revision | undefined
  /** the newest build */
  private newest: Revision | undefined

  constructor(private readonly settings: Settings) {
    const { say, preferences, stage } = this
    const dark = (preferences.theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark'
    stage.show(deviceOf(preferences.device), preferences.lying)
    this.host = new EdenHost({
      container: element('phone'), runtimeUrl: '/container/runtime.js', mode: 'develop', system: stage.system,
      locale: locale(navigator.language), theme: dark ? 'dark' : 'light', policy: { domains: 'any' },
      services: { proxy: '/_proxy?url=' }, hangLimit: HANG_LIMIT, collect: this.collecting(),
      ...(settings.gateway && { gateway: settings.gateway }),
      ...(settings.keyboard && { keyboard: settings.keyboard }),
    })
    stage.onChange = (system) => this.host.resize(system)
    this.toolbar = new Toolbar(element('bar'), say, {
      back: () => this.host.back(),
      navigate: (url) => this.navigate(url),
      device: (device) => { this.prefer({ device }); this.showDevice() },
      rotate: (lying) => { this.prefer({ lying }); this.showDevice() },
      dark: (on) => { this.prefer({ theme: on ? 'dark' : 'light' }); this.host.setTheme(on ? 'dark' : 'light') },
      network: (conditions) => this.host.setNetwork(conditions),
      restart: () => this.restart(),
    }, preferences, dark, { url: settings.public, qr: settings.qr })
    this.tabs = new Tabs(say('tools'), [
      { id: 'console', title: say('console'), element: this.console.element },
      { id: 'pages', title: say('pages'), element: this.pages.element },
      { id: 'storage', title: say('storage'), element: this.storage.element, shown: () => void this.storage.refresh() },
      { id: 'permissions', title: say('permissions'), element: this.permissions.element, shown: () => this.permissions.refresh() },
      { id: 'problems', title: say('problems'), element: this.problems.element },
    ], (tab) => this.prefer({ tab }))
    this.furnish()
    this.follow()
    if (settings.event) this.show(settings.event)
    listen((revision) => this.show(revision), (connected) => this.showState(connected))
  }

  private collecting(): CollectOptions {
    const { collect } = this.settings
    return {
      show: (record) => this.console.addRecord(record),
      ...(collect && { server: { url: collect.url, workspace: collect.workspace, program: () => collect.program } }),
    }
  }

  private furnish(): void {
    const panel = element('panel')
    panel.setAttribute('aria-label', this.say('tools'))
    panel.append(splitter(panel, this.say('width'), this.preferences.width, (width) => this.prefer({ width })), this.tabs.list, ...this.tabs.panels)
    element('stage').append(this.overlay.element)
    this.console.onErrors = (count) => this.tabs.setBadge('console', count, true)
    this.problems.onCount = (count, errors) => this.tabs.setBadge('problems', count, errors)
    this.tabs.selectId(this.preferences.tab)
    this.pages.setStack([])
    setInterval(() => {
      if (document.hidden || this.stage.bare) return
      if (this.tabs.selected === 'storage') void this.storage.refresh()
      if (this.tabs.selected === 'permissions') this.permissions.refresh()
    }, REFRESH)
  }

  private on<K extends keyof HostEvents>(name: K, run: (detail: HostEventDetail<K>) => void): void {
    this.host.addEventListener(name, (event) => run((event as CustomEvent<HostEventDetail<K>>).detail))
  }

  /** What the phone tells. */
  private follow(): void {
    this.on('log', ({ level, args, stack }) => this.console.add({ level: level === 'log' ? 'info' : level, args, stack }))
    this.on('error', ({ type, message, stack }) => {
      this.console.add({ level: 'error', args: [type === 'error' ? message : `${this.say('unhandled')}: ${message}`], stack })
    })
    this.on('crash', ({ fault, message }) => this.note('error', `${this.say('stopped', { fault })} ${message}`))
    this.on('internal', ({ where, error }) => this.note('warn', `${where}: ${String(error)}`))
    this.on('unsupported', (use) => this.problems.addUnsupported(use))
    this.on('route', ({ stack }) => {
      this.pages.setStack(stack)
      const top = stack.at(-1)
      if (top) this.toolbar.setAddress(urlOf(top))
    })
  }

  private note(level: Level, text: string): void { this.console.add({ level, args: [text], note: level === 'info' }) }

  private prefer(change: Partial<typeof this.preferences>): void {
    Object.assign(this.preferences, change)
    savePreferences(this.preferences)
  }

  private showDevice(): void { this.stage.show(deviceOf(this.preferences.device), this.preferences.lying) }
  private navigate(url: string): void { this.host.devtools({ command: 'navigate', url }) }
  private restart(): void { if (this.shown) void this.host.open(this.settings.program, { fresh: true }) }

  // ---- builds ------------------------------------------------------------------------------------------------

  private show(revision: Revision): void {
    const step = stepTo(this.shown, revision, [...(this.host.inspector?.loaded ?? [])])
    this.newest = revision
    this.problems.setRevision(revision)
    this.showState(true)
    const first = this.shown === undefined
    if (!revision.taken) return this.overlay.show(revision, first ? 'startsThen' : 'keepsRunning')
    this.overlay.hide()
    if (first && revision.errors) this.overlay.show(revision, 'restRuns')
    this.shown = revision
    const number = { number: revision.revision }
    if (step.do === 'styles') {
      this.host.devtools({ command: 'styles', sheets: step.sheets })
      this.note('info', this.say('restyled', number))
    } else if (step.do === 'reload') {
      this.maps = this.newMaps()
      void this.describe()
      this.note('info', this.say('started', number))
      if (first || !this.host.current) void this.host.open(this.settings.program, { fresh: true })
      else void this.host.reload({ keepStack: true })
    }
  }

  private showState(connected: boolean): void {
    const { newest, toolbar, say } = this
    if (!connected) toolbar.setState(say('lost'), 'lost')
    else if (newest?.errors) toolbar.setState(newest.errors === 1 ? say('failedOne') : say('failed', { count: newest.errors }), 'bad')
    else if (newest) toolbar.setState(say('built', { seconds: newest.seconds.toFixed(2) }), 'good')
  }

  /** Name, pages and permissions of the newest version. */
  private async describe(): Promise<void> {
    const answer = await fetch(`${this.settings.program}manifest.json`)
    if (!answer.ok) return
    const { name, pages, req_permissions: permissions } = (await answer.json()) as Manifest
    this.toolbar.setProgram(name, pages)
    this.pages.setPages(pages)
    this.permissions.declared = permissions.map((permission) => permission.name)
  }

  private newMaps(): SourceMaps {
    return new SourceMaps(async () => {
      const answer = await fetch(`${this.settings.program}maps.zip`)
      return answer.ok ? readZip(await answer.arrayBuffer(), 'maps.zip') : new Map()
    })
  }
}

void fetch('/settings.json').then((answer) => answer.json() as Promise<Settings>).then((settings) => new Simulator(settings))
