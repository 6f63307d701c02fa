import { describe, expect, it } from 'vitest'
import { addQuery, anyCase, decodeData, encodeHeader, encodeRequest, formEncode, isAddress } from './encode'

describe('query of GET data', () => {
  it('encodes names and values; nested values are JSON; undefined and null are words', () => {
    expect(formEncode({ 'a b': '&=', list: [1, 2], none: null, un: undefined })).toBe(
      'a%20b=%26%3D&list=%5B1%2C2%5D&none=null&un=undefined',
    )
  })

  it.each([
    ['https://a.b/c', { x: 1 }, 'https://a.b/c?x=1'],
    ['https://a.b/c?y=2', { x: 1 }, 'https://a.b/c?y=2&x=1'],
    ['https://a.b/c?x=0&y=2', { x: 1 }, 'https://a.b/c?y=2&x=1'],
    ['https://a.b/c?', { x: 1 }, 'https://a.b/c?x=1'],
    ['https://a.b/c#top', { x: 1 }, 'https://a.b/c?x=1#top'],
    ['https://a.b/c', {}, 'https://a.b/c'],
    ['https://a.b/c', undefined, 'https://a.b/c'],
    ['https://a.b/c?y=2', 'x=1', 'https://a.b/c?y=2&x=1'],
  ])('%s with %j is %s', (url, data, expected) => {
    expect(addQuery(url, data)).toBe(expected)
  })
})

describe('request', () => {
  const url = 'https://a.b/c'

  it('is a GET with the JSON type and no body by default', () => {
    expect(encodeRequest({ url, data: { x: 1 } })).toEqual({
      url: `${url}?x=1`, method: 'GET', header: { 'content-type': 'application/json' }, body: undefined,
    })
  })

  it('sends objects as JSON, or as a form when the type says so, whatever the case of the name', () => {
    expect(encodeRequest({ url, method: 'post', data: { x: [1] } }).body).toBe('{"x":[1]}')
    const form = encodeRequest({
      url,
      method: 'POST',
      header: { 'Content-Type': 'application/x-www-form-urlencoded; charset=UTF-8' },
      data: { x: [1], y: 'ä' },
    })
    expect(form.body).toBe('x=%5B1%5D&y=%C3%A4')
    expect(form.header).toEqual({ 'Content-Type': 'application/x-www-form-urlencoded; charset=UTF-8' })
  })

  it('leaves text and binary alone', () => {
    const data = new Uint8Array([1, 2]).buffer
    expect(encodeRequest({ url, method: 'PUT', data }).body).toBe(data)
    expect(encodeRequest({ url, method: 'POST', data: '<a/>', header: { 'content-type': 'text/xml' } }).body).toBe(
      '<a/>',
    )
    const view = encodeRequest({ url, method: 'POST', data: new Uint8Array([1, 2, 3]).subarray(1) }).body as ArrayBuffer
    expect([...new Uint8Array(view)]).toEqual([2, 3])
  })

  it('drops Referer and empty headers, and turns values into text', () => {
    expect(encodeHeader({ Referer: 'x', token: 12, none: undefined, nil: null })).toEqual({ token: '12' })
    expect(encodeHeader(undefined)).toEqual({})
  })
})

describe('answer', () => {
  it('has headers that are also found in lower case, and listed once', () => {
    const header = anyCase({ 'Content-Type': 'a', etag: 'b' })
    expect([header['content-type'], header['Content-Type'], header.etag]).toEqual(['a', 'a', 'b'])
    expect(Object.keys(header)).toEqual(['Content-Type', 'etag'])
    expect(anyCase()).toEqual({})
  })

  it('is parsed when it is JSON, else stays text', () => {
    expect(decodeData('{"a":1}', undefined, undefined)).toEqual({ a: 1 })
    expect(decodeData('{"a":1}', 'other', undefined)).toBe('{"a":1}')
    expect(decodeData('<html>', 'json', 'text')).toBe('<html>')
    const bytes = new ArrayBuffer(2)
    expect(decodeData(bytes, 'json', 'arraybuffer')).toBe(bytes)
  })
})

it.each([
  ['https://a.b', true],
  ['http://a.b:80/x', true],
  ['ws://a.b', false],
  ['/path', false],
  ['a.b/c', false],
  ['', false],
])('%s is an HTTP address: %s', (url, expected) => {
  expect(isAddress(url, ['http', 'https'])).toBe(expected)
})
