import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { SecureKeyboard } from './keyboard'

beforeEach(() => { vi.stubGlobal('document', { baseURI: 'https://shop.example/app/' }) })
afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

const request = { app: 'wxbank', program: 'Bank', purpose: 'pay', user: 'anna', kind: 'pin' as const }

/** A keyboard whose server answers as told; its script is never there. */
function keyboard(answer: (init: RequestInit) => Promise<Response>) {
  const fetch = vi.fn((url: any, init: RequestInit = {}) =>
    String(url).endsWith('keyboard.js') ? Promise.resolve(new Response('')) : answer(init))
  return { fetch, made: new SecureKeyboard({ url: '/keyboard/v1/bank', pins: [] }, { fetch, file: (name: string) => name } as never) }
}

it('waits for a server that says nothing only so long, and can then be asked again', async () => {
  vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => AbortSignal.abort())
  const { made, fetch } = keyboard(({ signal }) => new Promise((_, reject) => {
    if (signal!.aborted) reject(signal!.reason)
  }))
  for (let time = 0; time < 2; time += 1) {
    await expect(made.open(request)).rejects.toMatchObject({ reason: 'the server of the keyboard cannot be reached' })
  }
  expect(String(fetch.mock.calls[0]![0])).toMatch(
    /^https:\/\/shop\.example\/keyboard\/v1\/bank\/session\?app=wxbank&purpose=pay&user=anna&challenge=[0-9a-f]{32}$/)
})

it.each([
  ['the server offers no key for this (404)', () => new Response('{}', { status: 404 })],
  ['the server of the keyboard cannot be reached', () => new Response('no JSON')],
])('says that %s', async (reason, response) => {
  await expect(keyboard(async () => response()).made.open(request)).rejects.toMatchObject({ reason })
})

it('does not appear when the program has gone meanwhile', async () => {
  const { made } = keyboard(async () => new Response('{"statement":"","signatures":[]}'))
  await expect(made.open({ ...request, signal: AbortSignal.abort() })).rejects.toMatchObject({ reason: 'cancel' })
})
