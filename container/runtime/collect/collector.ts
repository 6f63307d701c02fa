/**
 * What only the frame can measure: taps on bound elements, slow updates, long tasks, white screens. The host is told in
 * few messages; what becomes of them is its business (docs/observe.md). Nothing in here may disturb the program.
 */
import type { WireObject } from '../../bridge/messages'
import type { PageHandle, Runtime } from '../context'
import { domOf, elementOf, type Shadowed } from '../events'
import { Observations } from './observations'
import { look } from './white-screen'

/** ms, of an update with its rendering */
const SLOW = 16
/** ms of script below which an update is not followed to its frame: it is a small one, and there are many of them */
const SMALL = 4
/** ms, as browsers define long tasks */
const LONG = 50
/** ms after a page is shown */
const WHITE = 3000
/** ms; a page that still waits for the network is looked at again, so long */
const PATIENCE = 10_000
const AGAIN = 1000
/** values of an update that are looked at for its size */
const MAX_SIZED = 2000

const NETWORK = new Set(['request', 'downloadFile', 'uploadFile', 'loadPackage'])

type Update = { component: string; data: unknown; script: number; at: number }

export class Collector {
  private wanted: ReadonlySet<string>
  private readonly observations: Observations
  /** network calls under way */
  private asked = 0
  private tapped = false
  /** the longest update since the last frame */
  private update: Update | undefined
  private readonly looked = new WeakSet<PageHandle>()
  private readonly erred = new Set<string>()
  /** what the program did last, for long tasks; ms of performance.now() */
  private doing = { what: 'launch', from: 0, until: Infinity }
  // before the program's timers are guarded: an exception in here is none of the program's
  private readonly later = window.setTimeout.bind(window) as (run: () => void, ms: number) => number

  constructor(private readonly rt: Runtime, kinds: readonly string[]) {
    this.wanted = new Set(kinds)
    this.observations = new Observations((records) => rt.notify({ kind: 'observed', records }), this.later)
    this.safely(() => {
      rt.on('hide', () => this.flush())
      rt.on('pageShow', (page: PageHandle) => this.safely(() => this.watch(page)))
      // a page's errors before it is shown are its own
      for (const name of ['error', 'unhandledRejection'] as const) rt.on(name, () => this.erred.add(this.place()))
      rt.on('pageUnload', ({ route }: PageHandle) => this.erred.delete(route))
      this.observeTasks()
    })
  }

  /** Measure these from now on. */
  switch(kinds: readonly string[]): void { this.wanted = new Set(kinds) }

  /** A handler of the program's is about to run. */
  handled(caller: object, event: Shadowed, handler: (...args: unknown[]) => unknown): void {
    // what bubbles runs several, one after the other
    if (event.type !== 'tap' || this.tapped) return
    this.safely(() => {
      this.tapped = true
      queueMicrotask(() => { this.tapped = false })
      this.does('tap')
      // what nobody wants to know is not looked up
      if (!this.wanted.has('tap')) return
      const element = elementOf(event.currentTarget) as unknown as { id: string; is: string }
      const { is: component } = elementOf(caller) as unknown as { is: string }
      const text = this.wanted.has('tap_text') ? textOf(domOf(element as never)) : ''
      const tag = element.is.replace(/^eden\//, '')
      this.add('tap', { component, element: tag, id: element.id, handler: nameOf(caller, handler), ...(text && { text }) })
    })
  }

  /** Run an update, with an eye on the clock. */
  updating(component: { is: string }, data: unknown, run: () => void): void {
    if (!this.wanted.has('set_data')) return run()
    const from = performance.now()
    run()
    const script = performance.now() - from
    if (script < SMALL) return
    this.safely(() => {
      if (script >= SLOW) this.doing = { what: 'set_data', from, until: from }
      const { update } = this
      if (update && update.script >= script) return
      this.update = { component: component.is, data, script, at: Date.now() }
      if (!update) requestAnimationFrame(() => {
        const began = performance.now()
        // the next task comes after style, layout and paint of this frame
        this.later(() => this.safely(() => this.afterFrame(began)), 0)
      })
    })
  }

  /** The frame that shows the updates of a moment has been made. */
  private afterFrame(began: number): void {
    const { update } = this
    this.update = undefined
    if (!update) return
    const value = update.script + performance.now() - began
    if (value < SLOW) return
    const { component, data, script, at } = update
    const keys = Object.keys(data as object).slice(0, 20)
    this.add('set_data', { component, keys, bytes: sizeOf(data), value, script }, at)
  }

  /** A call to the host was made. */
  called(name: string, answer: Promise<unknown>): void {
    if (!NETWORK.has(name)) return
    this.asked++
    const over = (): void => { this.asked-- }
    answer.then(over, over)
  }

  /** A page begins to be made. */
  opening(): void { if (this.doing.until < Infinity) this.does('navigation', Infinity) }

  /** It has painted. */
  opened(): void { this.doing.until = Math.min(this.doing.until, performance.now()) }

  private does(what: string, until = performance.now()): void {
    this.doing = { what, from: performance.now(), until }
  }

  private place(): string {
    const router = this.rt.router as { opening?: string } & Runtime['router'] | undefined
    return router?.opening ?? router?.current()?.route ?? ''
  }

  private observeTasks(): void {
    if (!PerformanceObserver.supportedEntryTypes?.includes('longtask')) return
    const started = performance.now()
    new PerformanceObserver((list) => this.safely(() => {
      for (const { name, startTime, duration } of list.getEntries()) {
        // frames of one process hear of each other's
        if (name !== 'self' || duration < LONG || startTime + duration < started) continue
        const { what, from, until } = this.doing
        const during = from <= startTime + duration && until >= startTime ? what : ''
        this.add('long_task', { value: duration, during }, Math.round(performance.timeOrigin + startTime))
      }
    })).observe({ type: 'longtask', buffered: true })
  }

  // ---- white screens -----------------------------------------------------------------------------------------

  private watch(page: PageHandle): void {
    if (!this.looked.has(page) && this.wanted.has('white_screen')) this.lookLater(page, performance.now(), WHITE)
  }

  private lookLater(page: PageHandle, shown: number, delay: number): void {
    this.later(() => this.safely(() => this.judge(page, shown)), delay)
  }

  private judge(page: PageHandle, shown: number): void {
    // who has left, or looks elsewhere, sees nothing white; a page that is shown again is watched again
    if (this.looked.has(page) || this.rt.router.current() !== page || !(page as { visible?: boolean }).visible) return
    if (document.hidden) return this.lookLater(page, performance.now(), WHITE)
    const verdict = look(page)
    const value = performance.now() - shown
    const erred = this.erred.has(page.route) || this.erred.has('')
    if (verdict.blank && this.asked > 0 && !erred && value < PATIENCE) return this.lookLater(page, shown, AGAIN)
    this.looked.add(page)
    const why = erred ? 'error' : verdict.blank && this.asked > 0 ? 'waiting' : verdict.blank ? verdict.why : undefined
    if (!verdict.blank || !why) return
    this.add('white_screen', { value, reason: why, elements: verdict.elements })
  }

  // ---- to the host -------------------------------------------------------------------------------------------

  private add(what: string, fields: WireObject, at = Date.now()): void {
    if (this.wanted.has(what)) this.observations.add({ what, at, page: this.place(), ...fields })
  }

  /** Tell the host what there is, now. */
  flush(): void { this.observations.flush() }

  private safely(run: () => void): void { this.observations.safely(run) }
}

/** The name by which a template calls a handler. */
function nameOf(caller: object, handler: (...args: unknown[]) => unknown): string {
  const name = handler.name.replace(/^bound /, '')
  if (name && name in caller) return name
  return Object.keys(caller).find((key) => (caller as { [key: string]: unknown })[key] === handler) ?? name
}

/** What is written on what was tapped; asked for by few. */
const textOf = (dom: HTMLElement | null): string => (dom?.textContent ?? '').replace(/\s+/g, ' ').trim().slice(0, 60)

/** About as many bytes as its JSON has; of large values as far as it was looked at. */
function sizeOf(value: unknown): number {
  let left = MAX_SIZED
  const size = (one: unknown, depth: number): number => {
    if (--left < 0) return 0
    if (typeof one === 'string') return one.length + 2
    if (typeof one !== 'object' || one === null || depth > 20) return 5
    return Object.entries(one).reduce((sum, [key, member]) => sum + key.length + 4 + size(member, depth + 1), 2)
  }
  return size(value, 0)
}
