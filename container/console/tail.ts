/**
 * Log lines as they come in: a list with `data-tail` names a stream of server-sent events, each with list items drawn by
 * the server, the newest first. A hidden page has no stream; the next one goes on where the last one was.
 */

/** Lines that stay on the page; more cannot be read, and cost memory. */
export const MOST = 1000
/** A refused stream (server restarting, too many of them) is asked for again after, ms. */
const AGAIN = 10_000
/** A screen reader is told how many lines came, not more often than, ms. */
const QUIET = 5000

const started = new WeakSet<Element>()

/** Begin for every list that has not begun. */
export function followTails(): void {
  for (const list of document.querySelectorAll<HTMLElement>('[data-tail]')) {
    if (started.has(list)) continue
    started.add(list)
    follow(list, list.dataset.tail ?? '', document.querySelector<HTMLElement>('[data-tail-status]') ?? undefined)
  }
}

function follow(list: HTMLElement, address: string, status: HTMLElement | undefined): void {
  let source: EventSource | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let telling: ReturnType<typeof setTimeout> | undefined
  let count = 0
  let mark = ''

  const tell = () => {
    telling = undefined
    if (status) status.textContent = (status.dataset.tailStatus ?? '').replace('#', String(count))
    count = 0
  }
  const close = () => {
    clearTimeout(timer)
    source?.close()
    source = undefined
  }
  const open = () => {
    close()
    source = new EventSource(mark ? `${address}${address.includes('?') ? '&' : '?'}after=${mark}` : address)
    source.addEventListener('begun', (event) => { mark = (event as MessageEvent<string>).lastEventId })
    source.addEventListener('lines', (event) => {
      const { data, lastEventId } = event as MessageEvent<string>
      mark = lastEventId
      count += add(list, data)
      telling ??= setTimeout(tell, QUIET)
    })
    source.addEventListener('error', () => {
      // the browser tries again by itself, until it is refused
      if (source?.readyState === EventSource.CLOSED) timer = setTimeout(open, AGAIN)
    })
  }
  document.addEventListener('visibilitychange', () => (document.hidden ? close() : open()))
  window.addEventListener('pagehide', close)
  window.addEventListener('pageshow', (event) => event.persisted && open())
  if (!document.hidden) open()
}

/** Put items above those that are there; how many that were. */
export function add(list: HTMLElement, html: string): number {
  const template = document.createElement('template')
  template.innerHTML = html
  const count = template.content.childElementCount
  list.prepend(template.content)
  while (list.childElementCount > MOST) list.lastElementChild?.remove()
  return count
}
