import { describe, expect, it } from 'vitest'
import { SourceMaps } from './stacks'

// Two modules, each a section as the compiler writes them; AAAA: column 0 is line 1, column 1 of the source;
// EACI (2, 0, 1, 4): two columns on, one line down, four columns right.
const MAP = JSON.stringify({
  version: 3,
  sections: [
    { offset: { line: 4, column: 0 }, map: { version: 3, sources: ['pages/a/a.ts'], names: [], mappings: 'AAAA;EACI' } },
    { offset: { line: 9, column: 0 }, map: { version: 3, sources: ['utils/b.js'], names: [], mappings: 'AAAA' } },
  ],
})
const maps = (load = (): ReadonlyMap<string, ArrayBuffer> => new Map([['main/scripts.js.map', new TextEncoder().encode(MAP).buffer]])): SourceMaps =>
  new SourceMaps(async () => load())

describe('SourceMaps', () => {
  it('reads stacks of Chromium, Firefox and Safari', async () => {
    const expected = [
      { name: 'Object.tap', file: 'pages/a/a.ts', line: 2, column: 5 }, { name: 'helper', file: 'utils/b.js', line: 1, column: 1 },
    ]
    expect(await maps().frames('Error: x\n    at Object.tap (eden://program/main/scripts.js:6:3)\n    at about:srcdoc:3:4\n    at async helper (eden://program/main/scripts.js:10:1)')).toEqual(expected)
    expect(await maps().frames('Object.tap@eden://program/main/scripts.js:6:3\nguard@about:srcdoc:1:1\nhelper@eden://program/main/scripts.js:10:1')).toEqual(expected)
    expect(await maps().frames('    at eden://program/main/scripts.js:5:1')).toEqual([{ name: '', file: 'pages/a/a.ts', line: 1, column: 1 }])
  })

  it('replaces places in a text', async () => {
    expect(await maps().text('at eden://program/main/scripts.js:6:9, twice')).toBe('at pages/a/a.ts:2:5, twice')
  })

  it('keeps the place in the script where no map knows better', async () => {
    const place = [{ name: 'f', file: 'packageA/scripts.js', line: 3, column: 7 }]
    expect(await maps().frames('at f (eden://program/packageA/scripts.js:3:7)')).toEqual(place)
    expect(await maps(() => { throw new Error('offline') }).frames('at f (eden://program/packageA/scripts.js:3:7)')).toEqual(place)
  })

  it('fetches the maps once, and only when a place is asked for', async () => {
    let loads = 0
    const counted = maps(() => { loads++; return new Map() })
    await counted.frames('at about:srcdoc:1:1')
    await counted.text('nothing')
    expect(loads).toBe(0)
    await counted.text('eden://program/main/scripts.js:1:1 eden://program/main/scripts.js:2:2')
    await counted.frames('f@eden://program/main/scripts.js:1:1')
    expect(loads).toBe(1)
  })
})
