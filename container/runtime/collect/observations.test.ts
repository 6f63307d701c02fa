import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { WireObject } from '../../bridge/messages'
import { Observations } from './observations'

beforeEach(() => { vi.useFakeTimers() })
afterEach(() => { vi.useRealTimers() })

function setUp(tell?: () => void) {
  const told: WireObject[][] = []
  const observations = new Observations((records) => {
    told.push(records)
    tell?.()
  }, setTimeout)
  return { observations, told, numbers: () => told.map((records) => records.map(({ n }) => n)) }
}

describe('Observations', () => {
  it('are told together, once a second', () => {
    const { observations, numbers } = setUp()
    observations.add({ n: 1 })
    vi.advanceTimersByTime(999)
    observations.add({ n: 2 })
    expect(numbers()).toEqual([])
    vi.advanceTimersByTime(1)
    expect(numbers()).toEqual([[1, 2]])
    vi.advanceTimersByTime(10_000)
    observations.add({ n: 3 })
    vi.advanceTimersByTime(1000)
    expect(numbers()).toEqual([[1, 2], [3]])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('are told at once when it is time, and no message is empty', () => {
    const { observations, numbers } = setUp()
    observations.flush()
    observations.add({ n: 1 })
    observations.flush()
    observations.flush()
    vi.advanceTimersByTime(10_000)
    expect(numbers()).toEqual([[1]])
    // one timer, however often
    for (let n = 0; n < 5; n++) {
      observations.add({ n })
      observations.flush()
    }
    expect(vi.getTimerCount()).toBe(1)
  })

  it('are no more than a message may have', () => {
    const { observations, told } = setUp()
    for (let n = 0; n < 500; n++) observations.add({ n })
    vi.advanceTimersByTime(1000)
    expect(told.map((records) => records.length)).toEqual([100])
  })

  it('never disturb, and are silent after five faults', () => {
    const { observations, told } = setUp(() => { throw new Error('the way is closed') })
    let ran = 0
    for (let n = 0; n < 3; n++) observations.safely(() => { throw new Error(`${++ran}`) })
    for (let n = 0; n < 4; n++) {
      observations.add({ n })
      vi.advanceTimersByTime(1000)
    }
    observations.safely(() => { ran++ })
    expect([ran, told.length]).toEqual([3, 2])
  })
})
