/**
 * Sends batches, oldest first, until each is answered. A server that is full says when to come again, one that is silent is
 * asked less and less often; one that has enough of a program is asked for the others all the same. What it refuses for its
 * content would be refused for ever, and is given up.
 */
import type { Outbox, Piece } from './outbox'
import { parsePull, type Pull } from './switches'

/** ms */
const FIRST_REST = 2000
const LONGEST_REST = 10 * 60_000
/** share of a rest, in either direction, so that phones do not come back all at once */
const JITTER = 0.3
const TIMEOUT = 30_000
/** bytes; what is smaller is not worth compressing */
const COMPRESS_FROM = 1024
/** bytes that browsers let go out while a page is closed, with some room */
const LEAVING = 60_000

export interface SenderOptions {
  outbox: Outbox
  fetch: typeof globalThis.fetch
  /** address of the batches */
  url: string
  /** the program's write key; undefined: nothing of it may leave now */
  keyOf(program: string): string | undefined
  online(): boolean
  now(): number
  random(): number
  /** what an answer said beside the number of records */
  answered(program: string, said: { pull?: Pull; collect?: number }): void
  /** what the first line says beside the batch's own */
  extra(program: string): object
  /** the server does not know this key: another may have taken its place. Undefined: nobody could be asked. */
  renewKey(program: string): Promise<'new' | 'same' | undefined>
}

/** `rest`: ms, or as long as seems right, until `whose` batches may go again */
type Outcome = 'done' | 'refused' | { rest: number | undefined; whose: string }

/** the server's, whatever the program */
const EVERYBODY = ''

export class Sender {
  private running: Promise<void> | undefined
  /** whose batches do not go now */
  private readonly resting = new Map<string, ReturnType<typeof setTimeout>>()
  private rest = FIRST_REST
  private stopped = false

  constructor(private readonly options: SenderOptions) {}

  /** There is something to send, unless the server shall be left alone for now. */
  poke(): void {
    if (!this.resting.has(EVERYBODY) && !this.stopped) void this.run()
  }

  /** The network is back, or the person has decided: no reason to wait any longer, but for what the server has enough of. */
  wake(): void {
    this.rested(EVERYBODY)
  }

  stop(): void {
    this.stopped = true
    for (const timer of this.resting.values()) clearTimeout(timer)
  }

  /** Resolves when nothing is being sent. */
  async run(): Promise<void> {
    this.running ??= this.send().finally(() => { this.running = undefined })
    await this.running
  }

  private async send(): Promise<void> {
    await this.sendAll()
    // once for all; what was answered and is there after all is known to the server by its id
    await this.options.outbox.save(true)
  }

  private async sendAll(): Promise<void> {
    const { outbox, online } = this.options
    while (!this.stopped && online()) {
      const piece = outbox.sealed.find((one) => this.keyFor(one) !== undefined)
      if (!piece) return
      const outcome = await this.deliver(piece)
      if (typeof outcome === 'object') {
        this.later(outcome.whose, outcome.rest)
        if (outcome.whose === EVERYBODY) return
        continue
      }
      this.rest = FIRST_REST
      outbox.remove(piece)
      if (outcome === 'refused') outbox.drop(piece.program, 'refused', piece.lines.length)
    }
  }

  /** The key of a batch that may go now. */
  private keyFor({ program }: Piece): string | undefined {
    return this.resting.has(program) ? undefined : this.options.keyOf(program)
  }

  private later(whose: string, asked: number | undefined): void {
    const jitter = 1 + JITTER * (2 * this.options.random() - 1)
    // never before the moment that the server named
    const delay = asked === undefined ? this.rest * jitter : Math.max(asked, FIRST_REST) * (1 + JITTER * this.options.random())
    if (asked === undefined) this.rest = Math.min(this.rest * 2, LONGEST_REST)
    clearTimeout(this.resting.get(whose))
    if (!this.stopped) this.resting.set(whose, setTimeout(() => this.rested(whose), delay))
  }

  private rested(whose: string): void {
    clearTimeout(this.resting.get(whose))
    this.resting.delete(whose)
    this.poke()
  }

  /** Send one batch whose program has a key; `extra` fields of its first line. */
  async deliver(piece: Piece, extra: object = {}, renewed = false): Promise<Outcome> {
    const { fetch, url, keyOf, answered, extra: always } = this.options
    const headers: { [name: string]: string } = {
      authorization: `Bearer ${keyOf(piece.program)}`, 'content-type': 'application/x-ndjson',
    }
    const text = bodyOf(piece, this.options.now(), { ...always(piece.program), ...extra })
    let body: BodyInit = text
    if (text.length > COMPRESS_FROM && typeof CompressionStream === 'function') {
      body = await compressed(text)
      headers['content-encoding'] = 'gzip'
    }
    let response: Response
    try {
      const signal = AbortSignal.timeout(TIMEOUT)
      response = await fetch(url, { method: 'POST', headers, body, signal, credentials: 'omit', cache: 'no-store' })
    } catch {
      return { rest: undefined, whose: EVERYBODY }
    }
    const { status } = response
    if (response.ok) {
      const said = await response.json().catch(() => ({})) as { pull?: unknown; collect?: unknown }
      const pull = parsePull(said.pull)
      answered(piece.program, { ...(pull && { pull }), ...(typeof said.collect === 'number' && { collect: said.collect }) })
      return 'done'
    }
    await response.body?.cancel().catch(() => undefined)
    if (status === 401 && !renewed) {
      const key = await this.options.renewKey(piece.program)
      if (key === 'new') return this.deliver(piece, extra, true)
      if (key === undefined) return { rest: undefined, whose: piece.program }
    }
    const rest = retryAfter(response, this.options.now())
    // its rate and its quota are the program's own
    if (status === 429) return { rest, whose: piece.program }
    if (status >= 500 || status === 408) return { rest, whose: EVERYBODY }
    return 'refused'
  }

  /**
   * The page may be closed at any moment: hand over to the browser what it takes, by requests that live on. They stay
   * kept until they are answered; an answer that comes too late is no harm, as a batch counts once.
   */
  leave(): void {
    const { outbox, fetch, url, now } = this.options
    if (this.stopped || this.resting.has(EVERYBODY) || this.running) return
    let room = LEAVING
    for (const piece of outbox.sealed) {
      const key = this.keyFor(piece)
      if (key === undefined) continue
      const body = bodyOf(piece, now(), this.options.extra(piece.program))
      room -= body.length
      if (room < 0) return
      // in the address, and as plain text: without a question beforehand, for which there is no time
      const address = `${url}?key=${key}`
      if ('keepalive' in Request.prototype) {
        void fetch(address, { method: 'POST', body, keepalive: true, credentials: 'omit', headers: { 'content-type': 'text/plain' } })
          .then((response) => {
            if (!response.ok) return
            outbox.remove(piece)
            void outbox.save(true)
          }).catch(() => undefined)
      } else navigator.sendBeacon?.(address, body)
    }
  }
}

/** The batch as lines of JSON. */
function bodyOf({ id, head, lines }: Piece, sentAt: number, extra: object): string {
  return `${JSON.stringify({ batch: id, sent_at: sentAt, ...head, ...extra })}\n${lines.join('\n')}${lines.length ? '\n' : ''}`
}

async function compressed(text: string): Promise<ArrayBuffer> {
  const stream = new CompressionStream('gzip')
  const writer = stream.writable.getWriter()
  void writer.write(new TextEncoder().encode(text)).then(() => writer.close()).catch(() => undefined)
  return new Response(stream.readable).arrayBuffer()
}

/** ms, from seconds or a date; undefined: it did not say. */
function retryAfter(response: Response, now: number): number | undefined {
  const said = response.headers.get('retry-after')
  if (said === null) return undefined
  const wait = /^\d+$/.test(said.trim()) ? Number(said) * 1000 : Date.parse(said) - now
  return Number.isFinite(wait) ? Math.min(Math.max(wait, 0), LONGEST_REST * 6) : undefined
}
