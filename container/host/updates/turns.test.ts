import { afterEach, describe, expect, it, vi } from 'vitest'
import { Turns } from './turns'

afterEach(() => { vi.unstubAllGlobals() })

type Request = (name: string, run: () => Promise<void>) => Promise<void>
const without = (): void => { vi.stubGlobal('navigator', {}) }
const withLocks = (request: Request): void => { vi.stubGlobal('navigator', { locks: { request } }) }

describe('turns', () => {
  it('are one after the other, also after one that failed', async () => {
    without()
    const turns = new Turns('x')
    const log: string[] = []
    const work = (name: string, fails = false) => async (): Promise<void> => {
      log.push(`${name} begins`)
      await new Promise((resolve) => setTimeout(resolve, 1))
      log.push(`${name} ends`)
      if (fails) throw new Error(name)
    }
    const failing = turns.take(work('first', true))
    const second = turns.take(work('second'))
    await expect(failing).rejects.toThrow('first')
    await second
    expect(log).toEqual(['first begins', 'first ends', 'second begins', 'second ends'])
  })

  it('hold the lock of their name', async () => {
    const asked: string[] = []
    withLocks(async (name, run) => {
      asked.push(name)
      await run()
    })
    const turns = new Turns('eden https://a/')
    let done = 0
    await turns.take(async () => { done++ })
    await expect(turns.take(async () => { throw new Error('of the work') })).rejects.toThrow('of the work')
    expect(asked).toEqual(['eden https://a/', 'eden https://a/'])
    expect(done).toBe(1)
  })

  it('do without locks that are denied, and do nothing twice', async () => {
    withLocks(() => Promise.reject(new DOMException('denied', 'SecurityError')))
    let done = 0
    await new Turns('x').take(async () => { done++ })
    expect(done).toBe(1)
  })
})
