import { describe, expect, it } from 'vitest'
import { MemoryValues } from '../store/values'
import { Directory } from './directory'

function setUp(values = new MemoryValues()) {
  const asked: string[] = []
  const state = { answer: { revision: 1, batch: 5 } as unknown, status: 200, now: 0 }
  const directory = new Directory({
    values: Promise.resolve(values), url: 'https://h/observe/v1/collect/w', now: () => state.now,
    fetch: async (url) => {
      asked.push(String(url))
      if (state.status === 0) throw new TypeError('no network')
      return new Response(JSON.stringify(state.answer), { status: state.status })
    },
  })
  return { directory, asked, state, values }
}

describe('Directory', () => {
  it('asks with what it may say, and keeps the answer', async () => {
    const { directory, asked, values } = setUp()
    expect(await directory.refresh(undefined)).toBe(true)
    expect(await directory.refresh('phone 1')).toBe(false)
    expect(asked).toEqual(['https://h/observe/v1/collect/w', 'https://h/observe/v1/collect/w?device=phone+1'])
    const next = setUp(values).directory
    await next.load()
    expect(next.workspace).toMatchObject({ revision: 1, usual: { batch: 5 } })
  })

  it('goes on with what it has when the server says nothing', async () => {
    const { directory, state } = setUp()
    await directory.refresh(undefined)
    for (const status of [0, 404, 503]) {
      state.status = status
      expect(await directory.refresh(undefined)).toBeUndefined()
    }
    expect(directory.workspace?.revision).toBe(1)
    state.status = 200
    state.answer = { revision: 2 }
    expect(await directory.refresh(undefined)).toBe(true)
    expect(directory.workspace?.revision).toBe(2)
  })

  it('asks once at a time, and rarely for what is missing', async () => {
    const { directory, asked, state } = setUp()
    await Promise.all([directory.refresh('d'), directory.refresh('d')])
    expect(asked).toHaveLength(1)
    state.now = 59_999
    expect(await directory.renew('d')).toBeUndefined()
    state.now = 60_000
    state.answer = { revision: 5 }
    expect(await directory.renew('d')).toBe(true)
    expect(asked).toHaveLength(2)
    // the clock was set back
    state.now = -5_000_000
    expect(await directory.renew('d')).toBe(false)
  })
})
