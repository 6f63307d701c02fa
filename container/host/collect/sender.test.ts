import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MemoryValues } from '../store/values'
import { Outbox } from './outbox'
import { Sender } from './sender'

beforeEach(() => { vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] }) })
afterEach(() => { vi.useRealTimers() })

interface Sent { url: string; headers: { [name: string]: string }; batch: string; head: { [name: string]: unknown }; lines: string[] }
type Answer = { status: number; body?: object; headers?: { [name: string]: string } } | 'silence'

async function textOf(body: BodyInit, encoding: string | undefined): Promise<string> {
  if (encoding !== 'gzip') return String(body)
  const stream = new Blob([body as ArrayBuffer]).stream().pipeThrough(new DecompressionStream('gzip'))
  return new Response(stream).text()
}

function setUp() {
  const sent: Sent[] = []
  const said: object[] = []
  const state = { online: true, key: 'k1' as string | undefined, renewed: undefined as string | undefined, asked: true, busy: '', answer: { status: 200 } as Answer }
  let number = 0
  const outbox = new Outbox({
    values: Promise.resolve(new MemoryValues()), owner: 'me', now: Date.now, uuid: () => `batch-${++number}`,
    bounds: () => ({ batch: 2, patience: 10_000, bytes: 512_000 }),
  })
  const sender = new Sender({
    outbox, url: 'https://h/observe/v1/batch', now: Date.now, random: () => 0.5, online: () => state.online,
    keyOf: (program) => (program === 'bank' ? state.key : program), answered: (program, one) => said.push({ program, ...one }), extra: () => ({ collect: 3 }),
    renewKey: async () => {
      if (!state.renewed) return state.asked ? 'same' : undefined
      state.key = state.renewed
      return 'new'
    },
    fetch: async (url, init = {}) => {
      const headers = init.headers as { [name: string]: string }
      const [head, ...lines] = (await textOf(init.body as BodyInit, headers['content-encoding'])).trim().split('\n')
      const { batch, ...rest } = JSON.parse(head!) as { batch: string }
      sent.push({ url: String(url), headers, batch, head: rest, lines })
      const answer = state.busy === headers.authorization ? { status: 429, headers: { 'retry-after': '3600' } } : state.answer
      if (answer === 'silence') throw new TypeError('no network')
      return new Response(JSON.stringify(answer.body ?? {}), { status: answer.status, headers: answer.headers ?? {} })
    },
  })
  const head = { device: 'd', context: {}, program: { version: '1', code: 1 } }
  const add = (...lines: string[]): void => {
    for (const line of lines) outbox.add('bank', head, line)
  }
  return { sender, outbox, sent, said, state, add, head }
}

describe('Sender', () => {
  it('sends what is complete, oldest first, and forgets it', async () => {
    const { sender, outbox, sent, add } = setUp()
    add('1', '2', '3', '4', '5')
    await sender.run()
    expect(sent.map(({ batch, lines }) => [batch, lines])).toEqual([['batch-1', ['1', '2']], ['batch-2', ['3', '4']]])
    expect(sent[0]!.headers).toEqual({ authorization: 'Bearer k1', 'content-type': 'application/x-ndjson' })
    expect(sent[0]!.head).toEqual({ sent_at: Date.now(), device: 'd', context: {}, program: { version: '1', code: 1 }, collect: 3 })
    expect(outbox.sealed).toEqual([])
  })

  it('compresses what is large', async () => {
    const { sender, sent, add } = setUp()
    add('x'.repeat(900), 'y'.repeat(900))
    await sender.run()
    expect(sent[0]!.headers['content-encoding']).toBe('gzip')
    expect(sent[0]!.lines).toEqual(['x'.repeat(900), 'y'.repeat(900)])
  })

  it('sends the same batch again until it is answered, less and less often', async () => {
    const { sender, sent, state, add } = setUp()
    state.answer = 'silence'
    add('1', '2')
    await sender.run()
    const at: number[] = []
    for (let second = 1; second <= 40; second++) {
      const before = sent.length
      await vi.advanceTimersByTimeAsync(1000)
      if (sent.length > before) at.push(second)
    }
    expect(at).toEqual([2, 6, 14, 30])
    state.answer = { status: 200 }
    await vi.advanceTimersByTimeAsync(60_000)
    expect(new Set(sent.map(({ batch }) => batch))).toEqual(new Set(['batch-1']))
    expect(sent).toHaveLength(6)
  })

  it.each([429, 503, 507])('comes back when the server says so (%i)', async (status) => {
    const { sender, sent, state, add, outbox } = setUp()
    state.answer = { status, headers: { 'retry-after': '30' } }
    add('1', '2')
    sender.poke()
    await vi.advanceTimersByTimeAsync(0)
    expect(sent).toHaveLength(1)
    state.answer = { status: 200 }
    sender.poke()
    await vi.advanceTimersByTimeAsync(29_999)
    expect(sent).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(sent).toHaveLength(2)
    expect(outbox.sealed).toEqual([])
  })

  it('understands a date, too', async () => {
    const { sender, sent, state, add } = setUp()
    state.answer = { status: 429, headers: { 'retry-after': new Date(Date.now() + 60_000).toUTCString() } }
    add('1', '2')
    await sender.run()
    await vi.advanceTimersByTimeAsync(58_000)
    expect(sent).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(12_000)
    expect(sent).toHaveLength(2)
  })

  it('gives up what the server refuses, and counts it', async () => {
    const { sender, outbox, sent, state, add } = setUp()
    state.answer = { status: 400 }
    add('1', '2')
    await sender.run()
    expect([sent.length, outbox.sealed, outbox.takeDrops('bank')]).toEqual([1, [], { refused: 2 }])
  })

  it('asks for a new key when the old one is not known any more', async () => {
    const { sender, outbox, sent, state, add } = setUp()
    state.answer = { status: 401 }
    state.renewed = 'k2'
    add('1', '2')
    await sender.run()
    expect(sent.map(({ headers }) => headers.authorization)).toEqual(['Bearer k1', 'Bearer k2'])
    expect(outbox.takeDrops('bank')).toEqual({ refused: 2 })
  })

  it('keeps what has a key that is not known, until somebody could be asked for another', async () => {
    const { sender, outbox, sent, state, add } = setUp()
    state.answer = { status: 401 }
    state.asked = false
    add('1', '2')
    await sender.run()
    expect([sent.length, outbox.sealed.length]).toEqual([1, 1])
    state.asked = true
    await vi.advanceTimersByTimeAsync(10_000)
    expect([sent.length, outbox.sealed.length, outbox.takeDrops('bank')]).toEqual([2, 0, { refused: 2 }])
  })

  it('goes on with others when the server has enough of one program', async () => {
    const { sender, outbox, sent, state, add, head } = setUp()
    state.busy = 'Bearer k1'
    add('1', '2')
    outbox.add('shop', head, '3', true)
    sender.poke()
    await vi.advanceTimersByTimeAsync(0)
    expect(sent.map(({ headers }) => headers.authorization)).toEqual(['Bearer k1', 'Bearer shop'])
    add('4', '5')
    outbox.add('shop', head, '6', true)
    // a network that is back is no reason to ask before the time
    sender.wake()
    sender.leave()
    await vi.advanceTimersByTimeAsync(3_599_000)
    expect(sent.map(({ headers }) => headers.authorization)).toEqual(['Bearer k1', 'Bearer shop', 'Bearer shop'])
    state.busy = ''
    await vi.advanceTimersByTimeAsync(2_000_000)
    expect(sent.slice(3).map(({ lines }) => lines)).toEqual([['1', '2'], ['4', '5']])
    expect(outbox.sealed).toEqual([])
  })

  it('sends nothing without a key, a network, or after its end', async () => {
    const { sender, sent, state, add } = setUp()
    add('1', '2')
    state.key = undefined
    await sender.run()
    state.key = 'k1'
    state.online = false
    await sender.run()
    expect(sent).toEqual([])
    state.online = true
    sender.wake()
    await vi.advanceTimersByTimeAsync(0)
    expect(sent).toHaveLength(1)
    sender.stop()
    add('3', '4')
    sender.poke()
    await vi.advanceTimersByTimeAsync(0)
    expect(sent).toHaveLength(1)
  })

  it('passes on what an answer says', async () => {
    const { sender, said, state, add } = setUp()
    state.answer = { status: 200, body: { accepted: 2, collect: 9, pull: { id: 'p', from: 1, until: 2 } } }
    add('1', '2')
    await sender.run()
    expect(said).toEqual([{ program: 'bank', collect: 9, pull: { id: 'p', from: 1, until: 2 } }])
  })

  it('hands over to the browser what it takes when the page is left', async () => {
    const { sender, outbox, sent, add } = setUp()
    add('1', '2')
    for (const letter of ['a', 'b', 'c']) add(letter.repeat(25_000), letter)
    sender.leave()
    await vi.advanceTimersByTimeAsync(0)
    expect(sent.map(({ batch }) => batch)).toEqual(['batch-1', 'batch-2', 'batch-3'])
    expect(sent[0]!.url).toBe('https://h/observe/v1/batch?key=k1')
    expect(sent[0]!.headers).toEqual({ 'content-type': 'text/plain' })
    expect(outbox.sealed.map(({ id }) => id)).toEqual(['batch-4'])
  })
})
