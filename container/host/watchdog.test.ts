import { describe, expect, it } from 'vitest'
import { Heartbeat } from './watchdog'

describe('Heartbeat', () => {
  it('is content as long as answers come', () => {
    const heart = new Heartbeat(5000)
    for (let now = 0; now < 60_000; now += 1000) {
      const seq = heart.tick(now)
      expect(seq).not.toBe('hung')
      heart.pong(seq as number)
    }
  })

  it('calls a silent frame hung after the limit, not before', () => {
    const heart = new Heartbeat(5000)
    expect([0, 1000, 2000, 3000, 4000].map((now) => heart.tick(now))).toEqual([1, 2, 3, 4, 5])
    expect(heart.tick(5000)).toBe('hung')
  })

  it('takes a late answer, but no invented one', () => {
    const heart = new Heartbeat(5000)
    for (let now = 0; now < 5000; now += 1000) heart.tick(now)
    heart.pong(99)
    heart.pong(0)
    expect(heart.tick(5000)).toBe('hung')
    heart.pong(2)
    expect(heart.tick(6000)).toBe(6)
  })

  it('does not blame a frame for the host asleep or the frame hidden', () => {
    const heart = new Heartbeat(5000)
    heart.tick(0)
    expect(heart.tick(3_600_000)).toBe(2)
    expect(heart.tick(3_601_000)).toBe(3)
    heart.rest()
    expect(heart.tick(3_606_000)).toBe(4)
  })
})
