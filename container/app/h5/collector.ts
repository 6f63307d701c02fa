/**
 * What a web application does, seen from the shell: pages, taps, errors, requests, long tasks, white screens. Nothing of
 * the application is changed or wrapped: its window is listened to, and asked for what its browser has measured. The
 * super app is told in the words that frames of mini programs use (docs/observe.md).
 */
import { TokenBucket } from '../../bridge/check'
import type { Notice, WireObject } from '../../bridge/messages'
import { addressPattern } from '../../host/collect/addresses'
import { Observations } from '../../runtime/collect/observations'
import { inkOf } from '../../runtime/collect/white-screen'

/** Errors: one that is thrown in a loop says nothing new, and the way to the super app is closed to who floods it. */
const ERRORS_PER_SECOND = 2
const ERRORS_BURST = 20
/** ms, as browsers define long tasks */
const LONG = 50
/** ms after a page is shown, … */
const WHITE = 3000
/** … and for one that has not loaded everything */
const PATIENCE = 10_000
const AGAIN = 1000

const ACTIVE = 'a[href],button,input,select,textarea,summary,[role=button],[role=link],[role=tab],[role=menuitem],[onclick]'
/** the router's functions that do the same in a mini program */
const WAYS: { readonly [type: string]: string } = {
  push: 'navigateTo', replace: 'redirectTo', traverse: 'navigateBack', reload: 'reLaunch',
}

interface NavigationEvents {
  addEventListener(name: 'currententrychange', listener: (event: { navigationType?: string | null }) => void): void
}
type Inside = Window & typeof globalThis & { navigation?: NavigationEvents }

export class WebCollector {
  private document: Document | undefined
  /** the page that was told of last, and its address */
  private page: string | undefined
  private href = ''
  private way: string | undefined
  /** something of this document has been seen */
  private painted = false
  private erred = false
  private readonly observations: Observations
  private readonly tapped = (event: MouseEvent): void => this.safely(() => this.tap(event))
  private readonly erring = ({ message, error, currentTarget }: ErrorEvent): void =>
    this.failed(currentTarget as Window, 'error', error, message)
  private readonly rejecting = ({ reason, currentTarget }: PromiseRejectionEvent): void =>
    this.failed(currentTarget as Window, 'unhandledRejection', reason, '')
  private readonly measure = new TokenBucket(ERRORS_PER_SECOND, ERRORS_BURST)

  constructor(private readonly tell: (notice: Notice) => void) {
    // the shell's own timers: the application has those of its window
    this.observations = new Observations((records) => tell({ kind: 'observed', records }), (run, ms) => setTimeout(run, ms))
  }

  /** The application's window, whose page may be another one than before; or none yet, in the window that it will have. */
  look(inside: Window): void {
    this.safely(() => {
      this.listen(inside)
      if (inside.location.href === 'about:blank') return
      if (inside.document !== this.document) this.begin(inside as Inside)
      if (inside.location.href !== this.href) this.move(inside)
    })
  }

  private begin(inside: Inside): void {
    this.document = inside.document
    this.painted = this.erred = false
    this.href = ''
    this.way ??= this.page === undefined ? '' : 'navigateTo'
    const look = (): void => this.look(inside)
    inside.addEventListener('hashchange', look)
    inside.addEventListener('popstate', look)
    inside.addEventListener('pagehide', () => this.observations.flush())
    inside.navigation?.addEventListener('currententrychange', ({ navigationType }) => {
      this.way = WAYS[navigationType ?? '']
      look()
    })
    this.observe(inside, 'paint', ({ name, startTime }) => {
      if (name === 'first-contentful-paint') this.paint(startTime)
    })
    this.observe(inside, 'resource', (entry) => this.requested(entry as PerformanceResourceTiming))
    this.observe(inside, 'longtask', ({ name, startTime, duration }) => {
      // windows of one thread hear of each other's
      if (name !== 'self' || duration < LONG) return
      this.add('long_task', { value: duration, during: this.painted ? '' : 'launch' }, inside.performance.timeOrigin + startTime)
    })
  }

  /** The same functions each time, so that a window hears them once. */
  private listen(inside: Window): void {
    inside.addEventListener('click', this.tapped, true)
    inside.addEventListener('error', this.erring)
    inside.addEventListener('unhandledrejection', this.rejecting)
  }

  private observe(inside: Inside, type: string, hear: (entry: PerformanceEntry) => void): void {
    const { PerformanceObserver: Observer } = inside
    if (!Observer.supportedEntryTypes?.includes(type)) return
    new Observer((list) => this.safely(() => list.getEntries().forEach(hear))).observe({ type, buffered: true })
  }

  // ---- pages -------------------------------------------------------------------------------------------------

  private move(inside: Window): void {
    const { pathname, search, hash } = inside.location
    this.href = inside.location.href
    const how = this.way ?? 'navigateTo'
    this.way = undefined
    const { page, query } = placeOf(pathname, search, hash)
    // a page may write what it shows into its address
    if (page === this.page && how !== 'reLaunch') return
    this.page = page
    this.tell({ kind: 'route', stack: [{ route: page, query }], how })
    const from = performance.now()
    this.judgeLater(page, from, WHITE)
    // its first paint comes by itself; what a script makes of the same document is there after the next frame
    if (this.painted) inside.requestAnimationFrame(() => setTimeout(() => this.safely(() => this.show(page, from))))
  }

  private paint(startTime: number): void {
    this.painted = true
    if (this.page !== undefined) this.tell({ kind: 'painted', page: this.page, ms: startTime, render: startTime })
  }

  private show(page: string, from: number): void {
    if (this.page !== page) return
    const took = performance.now() - from
    this.tell({ kind: 'painted', page, ms: took, render: took })
  }

  private judgeLater(page: string, from: number, delay: number): void {
    setTimeout(() => this.safely(() => this.judge(page, from)), delay)
  }

  private judge(page: string, from: number): void {
    const { document: shown } = this
    if (this.page !== page || !shown?.body) return
    if (document.hidden) return this.judgeLater(page, performance.now(), WHITE)
    const found = inkOf(shown.body, shown.body)
    if (found === 'seen') return
    const value = performance.now() - from
    const loading = shown.readyState !== 'complete'
    if (loading && !this.erred && value < PATIENCE) return this.judgeLater(page, from, AGAIN)
    const reason = this.erred ? 'error' : loading ? 'waiting' : found.written ? 'hidden' : 'empty'
    this.add('white_screen', { value, reason, elements: found.elements })
  }

  // ---- what happens on them ----------------------------------------------------------------------------------

  private tap({ target, isTrusted }: MouseEvent): void {
    const touched = target as Element | null
    if (!isTrusted || !touched?.closest) return
    const pointed = (): boolean => this.document?.defaultView?.getComputedStyle(touched).cursor === 'pointer'
    const element = touched.closest(ACTIVE) ?? (pointed() ? touched : undefined)
    if (element) this.add('tap', { component: '', element: element.localName, id: element.id, handler: '' })
  }

  private failed(inside: Window, type: 'error' | 'unhandledRejection', thrown: unknown, said: string): void {
    // the page that it is of may not be known yet
    this.look(inside)
    this.safely(() => {
      this.erred = true
      const { name, message, stack } = (thrown ?? {}) as { [part in 'name' | 'message' | 'stack']?: unknown }
      // of another site's script the browser says no more than that there was something
      const text = typeof message === 'string' ? `${typeof name === 'string' ? name : 'Error'}: ${message}` : said || String(thrown)
      if (!this.measure.take(performance.now())) return
      this.observations.flush()
      this.tell({
        kind: 'error', type, message: text.slice(0, 4000), ...(typeof stack === 'string' && { stack: stack.slice(0, 16_000) }),
        ...(this.page !== undefined && { page: this.page }),
      })
    })
  }

  private requested({ initiatorType, name, startTime, duration, responseStatus, encodedBodySize }: PerformanceResourceTiming): void {
    if (initiatorType !== 'fetch' && initiatorType !== 'xmlhttprequest') return
    const { host, pattern } = addressPattern(name)
    const origin = this.document?.defaultView?.performance.timeOrigin ?? performance.timeOrigin
    this.add('request', {
      host, pattern, status: responseStatus ?? 0, value: duration, down: encodedBodySize,
      ...(responseStatus === 0 && { failure: 'no answer' }),
    }, origin + startTime + duration)
  }

  // ---- to the super app --------------------------------------------------------------------------------------

  private add(what: string, fields: WireObject, at = Date.now()): void {
    this.observations.add({ what, at: Math.round(at), page: this.page ?? '', ...fields })
  }

  private safely(run: () => void): void { this.observations.safely(run) }
}

/** The page at an address: its path, with the one that scripts keep after "#"; names of its parameters, without values. */
export function placeOf(pathname: string, search: string, hash: string): { page: string; query: { [name: string]: string } } {
  const [, own = '', more = ''] = /^#!?(\/[^?]*)(\?.*)?$/.exec(hash) ?? []
  const page = patternOf(pathname) + (own && `#${patternOf(own)}`)
  const names = [...new URLSearchParams(search).keys(), ...new URLSearchParams(more).keys()]
  return { page, query: Object.fromEntries(names.map((name) => [name, ''])) }
}

const patternOf = (path: string): string => addressPattern(`http://h${path}`).pattern
