import { describe, expect, it } from 'vitest'
import { readH5, readMessage } from './wire'

describe('messages of a shell', () => {
  it('are read, and cut to what a person can want', () => {
    expect(readMessage({ kind: 'painted', more: 1 })).toEqual({ kind: 'painted' })
    expect(readMessage({ kind: 'title', title: 'x'.repeat(9999) })).toEqual({ kind: 'title', title: 'x'.repeat(2000) })
    expect(readMessage({ kind: 'failed', message: 'no', storage: 1 })).toEqual({ kind: 'failed', message: 'no', storage: false })
    expect(readMessage({ kind: 'way', back: 'yes' })).toEqual({ kind: 'way', back: false })
    expect(readMessage({ kind: 'error', message: 'no' })).toEqual({ kind: 'error', message: 'no' })
  })

  it('have what frames of mini programs tell, checked as theirs is', () => {
    const route = { kind: 'route', stack: [{ route: '/', query: {} }], how: 'navigateTo' }
    expect(readMessage({ kind: 'notice', notice: route })).toEqual({ kind: 'notice', notice: route })
    for (const notice of [undefined, { kind: 'call', id: 1, name: 'request', args: {} }, { kind: 'log', level: 'log', args: [] }, { ...route, stack: 5 }]) {
      expect(readMessage({ kind: 'notice', notice })).toBeUndefined()
    }
  })

  it.each([undefined, null, 1, 'painted', [], {}, { kind: 'open' }, { kind: 'title', title: 1 }, { kind: 'failed' }])(
    'are refused otherwise: %j', (value) => { expect(readMessage(value)).toBeUndefined() },
  )
})

describe('signed fields of a web application', () => {
  const fields = { virtual_host: 'shop.h5.example', fallback_url: 'https://shop.example/' }

  it('are read; the first page has a default', () => {
    expect(readH5(fields)).toEqual({
      virtualHost: 'shop.h5.example', fallbackUrl: 'https://shop.example/', mainUrl: '/index.html',
    })
    expect(readH5({ ...fields, main_url: '/a.html?x=1#y' })?.mainUrl).toBe('/a.html?x=1#y')
  })

  it.each([
    undefined, null, 'x', {}, { ...fields, fallback_url: 'javascript:alert(1)' }, { ...fields, fallback_url: 'https:' },
    { ...fields, main_url: 'https://evil.example/' }, { ...fields, main_url: 1 }, { ...fields, virtual_host: 1 },
    { ...fields, main_url: '//evil.example/' }, { ...fields, main_url: '/\\evil.example/' },
  ])('are refused otherwise: %j', (value) => { expect(readH5(value)).toBeUndefined() })
})
