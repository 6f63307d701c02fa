import { describe, expect, it } from 'vitest'
import { stepTo, type Revision } from './live'

const revision = (change: Partial<Revision>): Revision => ({
  revision: 1, taken: true, seconds: 0.1, errors: 0, problems: [], hashes: { 'main/code/scripts.js': 'a' }, styles: null, ...change,
})
const sheet = { a: { css: '.\u0001a{color:red}' } }

describe('stepTo', () => {
  it('starts what can run, and waits for what cannot', () => {
    expect(stepTo(undefined, revision({}), [])).toEqual({ do: 'reload' })
    expect(stepTo(undefined, revision({ errors: 1 }), [])).toEqual({ do: 'reload' })
    expect(stepTo(undefined, revision({ errors: 1, taken: false }), [])).toEqual({ do: 'keep' })
  })

  it('keeps what runs when nothing of it changed, or the new one is not taken', () => {
    expect(stepTo(revision({}), revision({ revision: 2 }), ['main'])).toEqual({ do: 'keep' })
    expect(stepTo(revision({}), revision({ revision: 2, taken: false, hashes: {} }), ['main'])).toEqual({ do: 'keep' })
  })

  it('starts anew when a file changed, came or went', () => {
    const changed: Revision['hashes'][] = [{ 'main/code/scripts.js': 'b' }, { 'main/code/scripts.js': 'a', 'main/files/x.png': 'c' }, {}]
    for (const hashes of changed) {
      expect(stepTo(revision({}), revision({ revision: 2, hashes }), ['main'])).toEqual({ do: 'reload' })
    }
  })

  it('replaces sheets of loaded packages only, and only from one revision to the next', () => {
    const next = revision({ revision: 2, hashes: { 'main/code/scripts.js': 'b' }, styles: { main: sheet } })
    expect(stepTo(revision({}), next, ['main'])).toEqual({ do: 'styles', sheets: sheet })
    expect(stepTo(revision({}), next, [])).toEqual({ do: 'reload' })
    expect(stepTo(revision({}), { ...next, revision: 3 }, ['main'])).toEqual({ do: 'reload' })
  })
})
