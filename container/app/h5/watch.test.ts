import { describe, expect, it } from 'vitest'
import { BLANK_LIMIT, PATIENCE, START_LIMIT, StartWatch } from './watch'

describe('the start of a web application', () => {
  it('succeeds with the first thing that is seen, once', () => {
    const watch = new StartWatch()
    expect(watch.pass(1000)).toBeUndefined()
    watch.err('of a script that is not needed')
    expect(watch.paint()).toBe('painted')
    expect(watch.paint()).toBeUndefined()
    expect(watch.pass(START_LIMIT)).toBeUndefined()
  })

  it('fails when nothing is seen for a while after an error', () => {
    const watch = new StartWatch()
    watch.err('TypeError')
    watch.err('another')
    watch.load()
    expect(watch.pass(PATIENCE - 1)).toBeUndefined()
    expect(watch.pass(1)).toEqual({ failed: 'TypeError' })
    expect(watch.paint()).toBeUndefined()
  })

  it('fails when it never loads', () => {
    const watch = new StartWatch()
    expect(watch.pass(START_LIMIT - 1)).toBeUndefined()
    expect(watch.pass(1)).toEqual({ failed: 'did not load its first page in 20 s' })
  })

  it('shows a page that loaded and is empty, and takes what comes later for its first page', () => {
    const watch = new StartWatch()
    watch.load()
    expect(watch.pass(BLANK_LIMIT)).toBe('blank')
    expect(watch.pass(START_LIMIT)).toBeUndefined()
    expect(watch.paint()).toBe('painted')
    expect(watch.paint()).toBeUndefined()
  })
})
