/** Times come in UTC; the reader sees his own. `data-time` of `<time>` says how: datetime, date, clock, relative. */
import { language } from './words'

/** How often "3 minutes ago" is looked at, ms. */
const STEP = 30_000

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400], ['hour', 3600], ['minute', 60], ['second', 1],
]
/** Days after which a date says more than a distance. */
const FAR = 14

/** "3 minutes ago", or undefined when that is too far away to mean anything. `seconds` are negative in the past. */
export function relative(seconds: number, locale: string): string | undefined {
  const [unit, length] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1]
  const count = Math.trunc(seconds / length)
  if (unit === 'day' && Math.abs(count) > FAR) return undefined
  return new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(count, unit)
}

/** An instant in the reader's time zone. */
export function written(moment: Date, style: string, locale: string, now: number): string {
  if (style === 'relative') {
    const text = relative((moment.getTime() - now) / 1000, locale)
    if (text) return text
  }
  const options: Intl.DateTimeFormatOptions =
    style === 'date' ? { dateStyle: 'medium' }
    : style === 'clock' ? { timeStyle: 'medium' }
    : { dateStyle: 'medium', timeStyle: 'short' }
  return new Intl.DateTimeFormat(locale, options).format(moment)
}

export function localiseTimes(root: ParentNode): void {
  for (const element of root.querySelectorAll<HTMLTimeElement>('time[data-time]')) {
    const moment = new Date(element.dateTime)
    if (Number.isNaN(moment.getTime())) continue
    const text = written(moment, element.dataset.time ?? '', language(), Date.now())
    if (element.textContent !== text) element.textContent = text
    element.title = `${element.dateTime.replace('T', ' ').replace('Z', '')} UTC`
  }
}

/** The server counts days as the reader does (eden.observe.pages.period). */
function tellZone(): void {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions()
  const secure = location.protocol === 'https:' ? '; Secure' : ''
  document.cookie = `eden_zone=${timeZone}; Path=/console; Max-Age=31536000; SameSite=Lax${secure}`
}

export function keepTimes(): void {
  tellZone()
  setInterval(() => document.hidden || localiseTimes(document), STEP)
}
