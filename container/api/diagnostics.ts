/** Logs, reports and measurements that a program makes of itself. */
import type { Wire } from '../bridge/messages'
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

const logger =
  (rt: Runtime, prefix: string[] = []) =>
  (level: Level) =>
  (...args: unknown[]): void =>
    rt.notify({ kind: 'log', level, args: [...prefix, ...args.map(travels)] })

function realtimeLog(rt: Runtime): object {
  let filters: string[] = []
  const write = logger(rt, ['[realtime]'])
  const manager = {
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    setFilterMsg: (message: string) => {
      filters = [message]
    },
    addFilterMsg: (message: string) => {
      filters.push(message)
    },
    in: () => manager,
    tag(name: string) {
      const tagged = logger(rt, [`[${name}]`])
      return {
        info: tagged('info'),
        warn: tagged('warn'),
        error: tagged('error'),
        setFilterMsg: manager.setFilterMsg,
        addFilterMsg: manager.addFilterMsg,
      }
    },
    getCurrentState: () => ({ size: 0, maxSize: 5120, logCount: 0, maxLogCount: 200, filterMsg: filters.join(' ') }),
  }
  return manager
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
  /** To the host where it collects; programs hear nothing either way, as on WeChat. */
  const report =
    (kind: string) =>
    (name: unknown, data?: unknown): void => {
      if (rt.hostHas('report'))
        rt.call('report', { kind, name: travels(name), data: travels(data) }).catch(() => undefined)
    }
  let measured: object | undefined
  let realtime: object | undefined
  const write = logger(rt)
  const logs = { debug: write('debug'), info: write('info'), log: write('log'), warn: write('warn') }
  measured = performanceOf(rt)
  return {
    sync: {
      getPerformance: () => measured,
      getLogManager: () => logs,
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
      getLogManager: 'lines go to the console of the simulator or the host',
      getRealtimeLogManager: 'lines go to the console of the simulator or the host',
      reportEvent: 'reaches hosts that collect reports',
      reportAnalytics: 'reaches hosts that collect reports',
      reportMonitor: 'reaches hosts that collect reports',
      reportPerformance: 'reaches hosts that collect reports',
    },
  }
}
