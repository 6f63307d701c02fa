/** Logs, reports and measurements that a program makes of itself. */
import { TokenBucket } from '../bridge/check'
import type { Notice, Wire } from '../bridge/messages'
import type { Runtime } from '../runtime/context'
import type { AreaFactory } from './kit'

type Level = 'log' | 'info' | 'warn' | 'error' | 'debug'

/** Values of a log line as text where they cannot travel. */
const travels = (value: unknown): Wire => {
  if (value === null || ['string', 'number', 'boolean', 'undefined'].includes(typeof value)) return value as Wire
  if (value instanceof Error) return value.stack ?? value.message
  try {
    return JSON.parse(JSON.stringify(value)) as Wire
  } catch {
    return String(value)
  }
}

/** characters; WeChat: 5 KB for all arguments of a call, 1 KB for the words to find a line by, 100 KB for a kept line */
const MAX_REALTIME = 5 * 1024
const MAX_FILTER = 1024
const MAX_KEPT = 100 * 1024
const MAX_LINE = 60 * 1024
/** Reports: as many as are sent on; in a loop they would be taken for a flood, and the program would be stopped. */
const REPORTS_PER_SECOND = 10
const REPORTS_BURST = 300
/** WeChat's bound for the lines between a page's onShow and onHide */
const MAX_LINES = 200

type Fields = Omit<Extract<Notice, { kind: 'log' }>, 'kind' | 'level' | 'args'>

const sizeOf = (args: Wire[]): number => (JSON.stringify(args) ?? '').length
/** The host takes no line that is longer than a person reads. */
const cut = (args: Wire[], length: number): Wire[] =>
  (length > MAX_LINE ? [`${JSON.stringify(args).slice(0, MAX_LINE)}…`] : args)

/** Line by line to the host, which sends them at once where it collects; always to the console as well. */
function realtimeLog(rt: Runtime): object {
  let filters: string[] = []
  let size = 0
  let count = 0
  let place: string | undefined
  // what is written while one page is seen is one log, with bounds of its own
  const begin = (): void => {
    const { opening } = rt.router as { opening?: string }
    const now = opening ?? rt.router.current()?.route
    if (now === place) return
    place = now
    size = count = 0
    filters = []
  }
  rt.on('pageHide', () => { place = undefined })
  const setFilterMsg = (message: unknown): void => {
    begin()
    filters = [String(message).slice(0, MAX_FILTER)]
  }
  const addFilterMsg = (message: unknown): void => {
    begin()
    if (filters.join(' ').length + String(message).length < MAX_FILTER) filters.push(String(message))
  }
  const write = (level: Level, args: unknown[], fields: Fields): void => {
    begin()
    const line = args.map(travels)
    const length = sizeOf(line)
    const fits = length <= MAX_REALTIME && size + length <= MAX_REALTIME && count < MAX_LINES
    if (fits) {
      size += length
      count++
    }
    const filter = filters.join(' ')
    const shown: Fields = fits ? { ...fields, manager: 'realtime', ...(filter && { filter }) } : fields
    rt.notify({ kind: 'log', level, args: cut(line, length), ...shown })
  }
  const writers = (fields: Fields) => ({
    info: (...args: unknown[]) => write('info', args, fields),
    warn: (...args: unknown[]) => write('warn', args, fields),
    error: (...args: unknown[]) => write('error', args, fields),
    setFilterMsg,
    addFilterMsg,
  })
  const manager = {
    ...writers({}),
    in: () => manager,
    tag: (name: unknown) => writers({ tag: String(name).slice(0, 100) }),
    getCurrentState: () => {
      begin()
      return { size, maxSize: MAX_REALTIME, logCount: count, maxLogCount: MAX_LINES }
    },
  }
  return manager
}

/** Kept on the phone, until its log is wanted. */
function keptLog(rt: Runtime): object {
  const write = (level: Level) => (...args: unknown[]): void => {
    const line = args.map(travels)
    const length = sizeOf(line)
    rt.notify({ kind: 'log', level, args: cut(line, length), ...(length <= MAX_KEPT && { manager: 'kept' as const }) })
  }
  return { debug: write('debug'), info: write('info'), log: write('log'), warn: write('warn') }
}

interface Entry {
  entryType: string
  name: string
  startTime: number
  duration: number
  path?: string
}

/** WeChat's performance entries, as far as one thread has them: launch, first render and page changes. */
function performanceOf(rt: Runtime): object {
  let entries: Entry[] = []
  let size = 30
  const observers = new Set<{ types: string[]; tell: (list: Entry[]) => void }>()
  const add = (entry: Entry): void => {
    entries = [...entries, entry].slice(-size)
    for (const { types, tell } of observers) if (types.includes(entry.entryType)) tell([entry])
  }
  const started = performance.timeOrigin
  const rendered = new WeakSet<object>()
  let launched = false
  rt.on('pageShow', (page: { route: string }) => {
    const path = page.route
    const shown = Date.now()
    add({ entryType: 'navigation', name: 'route', startTime: shown, duration: 0, path })
    if (rendered.has(page)) return
    rendered.add(page)
    // The page is in the document; what comes next is its first frame.
    setTimeout(() => {
      const now = Date.now()
      if (!launched) {
        launched = true
        add({ entryType: 'navigation', name: 'appLaunch', startTime: started, duration: now - started, path })
      }
      add({ entryType: 'render', name: 'firstRender', startTime: shown, duration: now - shown, path })
    }, 0)
  })
  const list = (found: Entry[]) => ({
    getEntries: () => found,
    getEntriesByName: (name: string, type?: string) =>
      found.filter((entry) => entry.name === name && (!type || entry.entryType === type)),
    getEntriesByType: (type: string) => found.filter((entry) => entry.entryType === type),
  })
  return {
    now: () => Date.now(),
    getEntries: () => entries,
    getEntriesByName: (name: string, type?: string) => list(entries).getEntriesByName(name, type),
    getEntriesByType: (type: string) => list(entries).getEntriesByType(type),
    setBufferSize: (count: number) => {
      size = count
    },
    createObserver(listener: (found: object) => void) {
      const observer = {
        types: [] as string[],
        tell: (found: Entry[]) => void rt.guard('performance observer', () => listener(list(found))),
      }
      return {
        observe({ type, entryTypes = [] }: { type?: string; entryTypes?: string[] } = {}) {
          observer.types = type ? [type] : entryTypes
          observers.add(observer)
        },
        disconnect: () => {
          observers.delete(observer)
        },
      }
    },
  }
}

export const diagnostics: AreaFactory = (rt) => {
  const measure = new TokenBucket(REPORTS_PER_SECOND, REPORTS_BURST)
  let lost = 0
  /** To the host where it collects; programs hear nothing either way, as on WeChat. */
  const report =
    (kind: string) =>
    (name: unknown, data?: unknown, dimensions?: unknown): void => {
      if (!rt.hostHas('report')) return
      if (!measure.take(performance.now())) return void lost++
      const more = { ...(dimensions !== undefined && { dimensions: travels(dimensions) }), ...(lost > 0 && { lost }) }
      lost = 0
      rt.call('report', { kind, name: travels(name), data: travels(data), ...more }).catch(() => undefined)
    }
  let realtime: object | undefined
  let kept: object | undefined
  const measured = performanceOf(rt)
  return {
    sync: {
      getPerformance: () => measured,
      getLogManager: () => (kept ??= keptLog(rt)),
      getRealtimeLogManager: () => (realtime ??= realtimeLog(rt)),
      reportEvent: report('event'),
      reportAnalytics: report('analytics'),
      reportMonitor: report('monitor'),
      reportPerformance: report('performance'),
      requestIdleCallback: (run: (deadline: object) => void, options?: { timeout?: number }) =>
        requestIdleCallback((deadline) => rt.guard('idle callback', () => run(deadline)), options),
      cancelIdleCallback: (handle: number) => cancelIdleCallback(handle),
    },
    partial: {
      getPerformance: 'launch, first render and page changes; no script or resource entries',
    },
  }
}
