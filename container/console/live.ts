/**
 * Regions that keep themselves up to date. The server's stream names topics that changed; a region whose `data-live`
 * has one of them is fetched anew and morphed, so that focus, open details and charts stay.
 *
 * A hidden page has no stream: browsers allow only six connections to a server, and nobody looks.
 */
import { Idiomorph } from 'idiomorph'
import { enhance } from './enhance'
import { toast } from './toast'
import { word } from './words'

/** Everything may have changed. */
const EVERYTHING = '*'
/** A reconnection that is quicker than this is not worth a word, ms. */
const PATIENCE = 5000
/** A refused stream (server restarting) is asked for again after, ms. */
const AGAIN = 10_000

/** The regions that show one of `topics` (words, "*" for all of them). */
export function isStale(shown: string, topics: readonly string[]): boolean {
  return topics.includes(EVERYTHING) || shown.split(/\s+/).some((topic) => topics.includes(topic))
}

export function startLive(address: string, process: (region: Element) => void): void {
  const refresher = new Refresher(process)
  let source: EventSource | undefined
  let lost: (() => void) | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let wasOpen = false

  const close = () => {
    clearTimeout(timer)
    timer = undefined
    source?.close()
    source = undefined
  }
  const open = () => {
    close()
    source = new EventSource(address)
    source.addEventListener('open', () => {
      clearTimeout(timer)
      timer = undefined
      lost?.()
      if (lost) toast(word('online'), 'good')
      lost = undefined
      // something may have happened between
      if (wasOpen) refresher.refresh([EVERYTHING])
      wasOpen = true
    })
    source.addEventListener('change', (event) => refresher.refresh((event as MessageEvent<string>).data.split(' ')))
    source.addEventListener('error', () => {
      // the browser tries again by itself, until it is refused
      const refused = () => source?.readyState === EventSource.CLOSED
      timer ??= setTimeout(() => {
        timer = undefined
        lost ??= toast(word('offline'), 'bad', true)
        if (refused()) open()
      }, refused() ? AGAIN : PATIENCE)
    })
  }

  document.addEventListener('visibilitychange', () => (document.hidden ? close() : open()))
  window.addEventListener('pagehide', close)
  window.addEventListener('pageshow', (event) => event.persisted && open())
  if (!document.hidden) open()
}

/** Fetches each address once for all its regions; what changes meanwhile is fetched afterwards. */
class Refresher {
  private readonly running = new Map<string, boolean>()

  constructor(private readonly process: (region: Element) => void) {}

  refresh(topics: readonly string[]): void {
    const stale = [...document.querySelectorAll<HTMLElement>('[data-live]')].filter((region) =>
      isStale(region.dataset.live ?? '', topics),
    )
    for (const address of new Set(stale.map(addressOf))) void this.fetch(address)
  }

  private async fetch(address: string): Promise<void> {
    if (this.running.has(address)) {
      this.running.set(address, true)
      return
    }
    this.running.set(address, false)
    try {
      await this.load(address)
    } catch {
      // the stream will say that the connection is lost
    }
    const again = this.running.get(address)
    this.running.delete(address)
    if (again) await this.fetch(address)
  }

  private async load(address: string): Promise<void> {
    const part = address !== location.href
    const headers: Record<string, string> = { 'X-Eden-Live': 'true', ...(part && { 'HX-Request': 'true' }) }
    const response = await fetch(address, { headers })
    // signed out, or the thing is gone: the page itself says so
    if (response.redirected || response.status === 401 || response.status === 404) return location.reload()
    if (!response.ok) return
    const fresh = new DOMParser().parseFromString(await response.text(), 'text/html')
    for (const region of document.querySelectorAll<HTMLElement>('[data-live]')) {
      const replacement = addressOf(region) === address && fresh.getElementById(region.id)
      if (replacement) this.replace(region, replacement)
    }
  }

  private replace(region: HTMLElement, replacement: HTMLElement): void {
    Idiomorph.morph(region, replacement, { morphStyle: 'outerHTML', ignoreActiveValue: true, callbacks })
    this.process(region)
    void enhance(region)
  }
}

const addressOf = (region: HTMLElement): string =>
  region.dataset.liveSource ? new URL(region.dataset.liveSource, location.href).href : location.href

const callbacks = {
  beforeNodeMorphed(old: Node, fresh: Node): boolean {
    if (!(old instanceof Element) || !(fresh instanceof Element)) return true
    // somebody is writing a reason in it
    if (old.matches('dialog[open]')) return false
    if (old.matches('[data-plot]')) {
      // what is inside belongs to the chart; plot.ts takes the new numbers
      for (const name of ['data-plot', 'aria-label']) old.setAttribute(name, fresh.getAttribute(name) ?? '')
      return false
    }
    return true
  },
  /** What the reader has unfolded stays so. */
  beforeAttributeUpdated: (name: string, element: Element): boolean =>
    !(name === 'open' && element.matches('details, dialog')),
}
