/**
 * One program from its launch to its end: what happened becomes records. Pure: times come with what happens, and what is
 * made is given to `emit`.
 */
import type { Notice, WireObject } from '../../bridge/messages'
import { TokenBucket } from '../../bridge/check'
import type { Fault } from '../events'
import { addressPattern, MAX_PATTERN } from './addresses'
import type { Asked, LaunchPhase, ProgramVersion, Timed } from './happenings'
import type { Breadcrumb, Draft, Kind, Level, Props } from './records'
import { cut, errorParts, lineOf, MAX_MESSAGE, MAX_STACK, ms, numberOf, propsOf, textOf } from './text'

/** things that led to an error */
const MAX_BREADCRUMBS = 50
/** ms; a page without a paint by then is told of without its time */
const RENDER_LIMIT = 10_000
/** Records: a program that reports in a loop is told of by samples, and by how many were left out. */
const PER_SECOND = 10
const BURST = 300
/** Errors have a smaller measure: one that is thrown by every frame says nothing new. */
const ERRORS_PER_SECOND = 0.5
const ERRORS_BURST = 20
/** Lines of the log that stays on the phone: as many as a console may have. */
const LINES_PER_SECOND = 100
const LINES_BURST = 1000
/** WeChat's scenes of a page that somebody shared, and of a program that another opened */
const SHARED = new Set([1007, 1008, 1036, 1044, 1073, 1074, 1096, 1154, 1155])
const OPENED = new Set([1020, 1035, 1037, 1038, 1043])
/** faults that end a program; the others are those of packages, which could not be had */
const ENDS: ReadonlySet<Fault> = new Set(['start', 'hung', 'flood', 'messages', 'left'] as const)

const SOURCES: { readonly [how: string]: string } = {
  navigateTo: 'navigate', redirectTo: 'redirect', switchTab: 'switchTab', navigateBack: 'back', reLaunch: 'relaunch',
}

type Launch = { at: number; kind: 'cold' | 'warm'; scene: number; phases: { [phase: string]: number }; bootedAt: number; routedAt: number }
type View = { page: string; at: number; props: Props }

export interface Outlet {
  /** `active`: the person, or the program for them, did something */
  emit(kind: Kind, draft: Draft, active: boolean): void
  /** a line for the log that stays on the phone */
  keep(at: number, level: Level, text: string): void
  /** a cold launch */
  renew(at: number): void
  /** so many records more were too many */
  drop(count: number): void
}

const measures = () => ({
  records: new TokenBucket(PER_SECOND, BURST),
  errors: new TokenBucket(ERRORS_PER_SECOND, ERRORS_BURST),
  lines: new TokenBucket(LINES_PER_SECOND, LINES_BURST),
})

export class Trail {
  version: ProgramVersion | undefined
  /** the page that is seen, and since when: ms */
  private seen: { page: string; since: number } | undefined
  /** a page whose paint is awaited */
  private opening: View | undefined
  private launch: Launch | undefined
  private scene = 0
  private readonly crumbs: Breadcrumb[] = []
  private measures = measures()
  /** ms, of what is being looked at; records may be of before, and say so themselves */
  private now = 0

  /** `first`: this device has never started this program before, as far as it knows */
  constructor(private readonly outlet: Outlet, private readonly first: () => boolean) {}

  take(happening: Timed): void {
    const { at } = happening
    if (at < this.now) {
      // the clock was set back: what was measured by it says nothing any more
      this.measures = measures()
    }
    this.now = at
    if (this.opening && at - this.opening.at > RENDER_LIMIT) this.show()
    switch (happening.what) {
      case 'launch': return this.begin(at, happening.again, happening.scene)
      case 'known':
        this.version = happening.version
        return
      case 'phase': return this.phase(happening.name, happening.ms)
      case 'booted':
        if (this.launch) this.launch.bootedAt = at
        return
      case 'show': return this.resume(at, happening)
      case 'hide':
      case 'end':
        this.abandon()
        return this.leave(at, '')
      case 'crash': return this.crash(at, happening.fault, happening.message)
      case 'asked': return this.asked(at, happening.asked, addressPattern(happening.asked.url))
      case 'report': return this.report(at, happening.report)
      case 'notice': return this.notice(at, happening.notice)
    }
  }

  /** The whole phone goes out of sight: the stay so far is told, as it may never come back. */
  pause(at: number): void {
    this.show()
    if (!this.seen) return
    this.stayed(at, '')
    this.seen = { page: this.seen.page, since: Infinity }
  }

  unpause(at: number): void {
    if (this.seen?.since === Infinity) this.seen = { page: this.seen.page, since: at }
  }

  // ---- launches and pages ------------------------------------------------------------------------------------

  private begin(at: number, again: boolean, scene: number): void {
    if (!again) this.outlet.renew(at)
    this.scene = scene
    this.launch = { at, kind: again ? 'warm' : 'cold', scene, phases: {}, bootedAt: 0, routedAt: 0 }
  }

  private phase(name: LaunchPhase, took: number): void {
    if (this.launch) this.launch.phases[name] = ms((this.launch.phases[name] ?? 0) + took)
  }

  /** The first page has painted. */
  private launched(at: number): void {
    const { launch } = this
    if (!launch) return
    if (launch.bootedAt) launch.phases.script = ms((launch.routedAt || at) - launch.bootedAt)
    if (launch.routedAt) launch.phases.render = ms(at - launch.routedAt)
    this.tellLaunch(launch, { value: ms(at - launch.at) })
  }

  /** The person left before the first page. */
  private abandon(): void {
    if (this.launch) this.tellLaunch(this.launch, {}, { left: true })
  }

  private tellLaunch({ at, kind, scene, phases }: Launch, value: { value?: number }, more: Props = {}): void {
    this.launch = undefined
    const props = { kind, scene, phases, first: this.first(), ...more }
    this.emit('launch', { type: 'event', name: '$launch', at, ...value, page: this.seen?.page ?? '', props })
  }

  private resume(at: number, { launch, elsewhere, ms: took }: Extract<Timed, { what: 'show' }>): void {
    this.scene = launch.scene
    const page = this.lastPage
    const props = { kind: 'hot', scene: launch.scene, phases: {}, first: false }
    this.emit('launch', { type: 'event', name: '$launch', at: at - Math.round(took), value: ms(took), page, props })
    // a page that was asked for tells of itself
    if (elsewhere || !page) return
    this.opening = { page, at, props: { source: this.launchSource(), referrer: '', query: [] } }
    this.show()
  }

  private lastPage = ''

  private launchSource(): string {
    return SHARED.has(this.scene) ? 'share' : OPENED.has(this.scene) ? 'program' : 'launch'
  }

  private route(at: number, stack: Extract<Notice, { kind: 'route' }>['stack'], how: string): void {
    const top = stack.at(-1)
    if (!top) return
    if (this.launch && !this.launch.routedAt) this.launch.routedAt = at
    const referrer = this.seen?.page ?? ''
    this.leave(at, top.route)
    const source = SOURCES[how] ?? this.launchSource()
    this.opening = { page: top.route, at, props: { source, referrer, query: Object.keys(top.query).slice(0, 20) } }
    this.seen = { page: top.route, since: at }
    this.lastPage = top.route
    this.crumb({ at, category: 'page', message: `${source} ${top.route}` })
    // what is gone back to has painted long ago
    if (how === 'navigateBack') this.show()
  }

  /** Tell of the page that was opened; `render`: ms it took. */
  private show(render?: number): void {
    const { opening } = this
    if (!opening) return
    this.opening = undefined
    const { page, at, props } = opening
    this.seen ??= { page, since: at }
    this.emit('page', {
      type: 'event', name: '$page_view', at, page, ...(render !== undefined && { value: ms(render) }), props,
    }, true)
  }

  private leave(at: number, next: string): void {
    this.show()
    if (this.seen) this.stayed(at, next)
    this.seen = undefined
  }

  private stayed(at: number, next: string): void {
    const { page, since } = this.seen!
    // out of sight it was told already
    if (since === Infinity) return
    this.emit('page', { type: 'event', name: '$page_leave', at, page, value: ms(at - since), props: { next } })
  }

  // ---- what the frame tells ----------------------------------------------------------------------------------

  private notice(at: number, notice: Notice): void {
    switch (notice.kind) {
      case 'route': return this.route(at, notice.stack, notice.how ?? '')
      case 'painted':
        if (this.opening?.page === notice.page) this.show(notice.render)
        return this.launched(at)
      case 'log': return this.log(at, notice)
      case 'error': return this.error(at, notice)
      case 'observed':
        for (const record of notice.records) this.observed(at, record)
    }
  }

  private observed(now: number, record: WireObject): void {
    const page = textOf(record.page, 200)
    // not later than it was told, not older than a frame may keep it
    const at = Math.max(now - 60_000, Math.min(now, numberOf(record.at) || now))
    const value = ms(numberOf(record.value))
    switch (record.what) {
      case 'tap': {
        const [component, element, id, handler] = ['component', 'element', 'id', 'handler'].map((name) => textOf(record[name]))
        const text = textOf(record.text)
        this.crumb({ at, category: 'tap', message: [component, `${element}${id && `#${id}`}`, handler].filter(Boolean).join(' ') })
        return this.emit('tap', { type: 'event', name: '$tap', at, page, props: { component, element, id, handler, ...(text && { text }) } }, true)
      }
      case 'set_data': {
        const keys = Array.isArray(record.keys) ? record.keys.slice(0, 20).map((key) => textOf(key)) : []
        const props = { component: textOf(record.component), keys, bytes: numberOf(record.bytes), script: ms(numberOf(record.script)) }
        return this.emit('set_data', { type: 'event', name: '$set_data', at, page, value, props })
      }
      case 'long_task':
        return this.emit('long_task', { type: 'event', name: '$long_task', at, page, value, props: { during: textOf(record.during) } })
      // of a web application, whose requests do not go through the host
      case 'request': {
        const { status, down, failure } = record
        const asked = { method: '', status: numberOf(status), up: 0, down: numberOf(down), ms: value }
        const pattern = { host: textOf(record.host), pattern: textOf(record.pattern, MAX_PATTERN) }
        return this.asked(at, { ...asked, ...(failure !== undefined && { failure: textOf(failure) }) }, pattern)
      }
      case 'white_screen': {
        const props = { reason: textOf(record.reason), elements: numberOf(record.elements) }
        return this.emit('white_screen', { type: 'event', name: '$white_screen', at, page, value, props })
      }
    }
  }

  private log(at: number, { level, args, manager, tag, filter }: Extract<Notice, { kind: 'log' }>): void {
    const rank: Level = level === 'log' ? 'info' : level
    const message = lineOf(args, manager === 'realtime' ? 6000 : 2000)
    if (rank === 'warn' || rank === 'error') this.crumb({ at, category: 'log', level: rank, message: cut(message, 500) }, false)
    if (rank !== 'debug' || manager) this.keep(at, rank, tag ? `[${tag}] ${message}` : message)
    if (manager !== 'realtime') return
    const props = filter ? { filter } : {}
    this.emit('log', { type: 'log', at, level: rank, page: this.lastPage, message, ...(tag && { tag }), props })
  }

  private error(at: number, { type, message, stack, page }: Extract<Notice, { kind: 'error' }>): void {
    const unhandled = type === 'unhandledRejection'
    this.failure(at, {
      ...errorParts(message, unhandled ? 'UnhandledRejection' : 'Error'),
      ...(stack && { stack: cut(stack, MAX_STACK) }),
      fatal: false, handled: false, mechanism: unhandled ? 'onunhandledrejection' : 'onerror',
    }, page ?? this.lastPage)
  }

  private failure(at: number, error: Extract<Draft, { type: 'error' }>['error'], page: string): void {
    const { type, fatal } = error
    const message = cut(error.message, MAX_MESSAGE)
    this.keep(at, 'error', `${type}: ${message}`)
    if (!fatal && !this.measures.errors.take(this.now)) return this.outlet.drop(1)
    this.emit('error', { type: 'error', at, page, error: { ...error, message }, breadcrumbs: this.steps() }, false, fatal)
    const props = { type, message: cut(message, 200), fatal }
    this.emit('error', { type: 'event', name: '$error', at, page, props }, false, fatal)
  }

  /** In the order of time: some come later than what followed them. */
  private steps(): Breadcrumb[] { return [...this.crumbs].sort((one, other) => one.at - other.at) }

  private crash(at: number, fault: Fault, message: string): void {
    const fatal = ENDS.has(fault)
    this.failure(at, { type: fault, message: message || fault, fatal, handled: false, mechanism: 'host' }, this.lastPage)
    if (!fatal) this.abandon()
    this.launch = undefined
    this.leave(at, '')
  }

  // ---- what the host sees ------------------------------------------------------------------------------------

  private asked(
    at: number, { method, status, up, down, ms: took, failure }: Omit<Asked, 'url'>, { host, pattern }: { host: string; pattern: string },
  ): void {
    const props = { host, pattern, method, status, bytes_up: up, bytes_down: down, failure: failure ?? '' }
    this.crumb({ at, category: 'request', message: `${method} ${host}${pattern} ${failure ?? status} ${Math.round(took)} ms`.trim() })
    this.emit('request', { type: 'event', name: '$request', at: at - Math.round(took), page: this.lastPage, value: ms(took), props })
  }

  private report(at: number, { kind, name, data, dimensions, lost }: WireObject): void {
    if (numberOf(lost) > 0) this.outlet.drop(numberOf(lost))
    // names that begin with $ are the platform's own
    const called = cut(String(name ?? '').replace(/^\$+/, ''), 100)
    if (!called) return
    const page = this.lastPage
    if (kind === 'monitor' || kind === 'performance') {
      const props = dimensions === undefined ? {} : propsOf({ dimensions })
      return this.emit('event', { type: 'metric', name: called, kind: 'gauge', at, page, value: Number(data) || 0, props })
    }
    this.emit('event', { type: 'event', name: called, at, page, props: propsOf(data) }, true)
  }

  // ---- out ---------------------------------------------------------------------------------------------------

  private crumb(crumb: Breadcrumb, keep = true): void {
    this.crumbs.push(crumb)
    if (this.crumbs.length > MAX_BREADCRUMBS) this.crumbs.shift()
    if (keep) this.keep(crumb.at, 'info', `(${crumb.category}) ${crumb.message}`)
  }

  private keep(at: number, level: Level, text: string): void {
    if (this.measures.lines.take(this.now)) this.outlet.keep(at, level, text)
  }

  private emit(kind: Kind, draft: Draft, active = false, always = false): void {
    if (!always && !this.measures.records.take(this.now)) return this.outlet.drop(1)
    this.outlet.emit(kind, draft, active)
  }
}
