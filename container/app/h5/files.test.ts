import { describe, expect, it } from 'vitest'
import { contentType, nameOf, namesFile, normal, onlineAddress, pageHeaders, parseRange } from './files'

const bytes = (text: string): ArrayBuffer => new TextEncoder().encode(text).buffer

describe('files of a web application', () => {
  it.each([
    ['index.html', '<h1>', 'text/html; charset=utf-8'],
    ['a/B.HTML', '', 'text/html; charset=utf-8'],
    ['gbk.html', '<meta charset="gbk">', 'text/html'],
    ['gbk.css', '@charset "gbk";', 'text/css'],
    ['a.mjs', '', 'text/javascript; charset=utf-8'],
    ['a.json', '', 'application/json'],
    ['a.svg', '<svg/>', 'image/svg+xml; charset=utf-8'],
    ['a.wasm', '', 'application/wasm'],
    ['a.b.woff2', '', 'font/woff2'],
    ['a.constructor', '', 'application/octet-stream'],
    ['html', '', 'application/octet-stream'],
    ['folder.js/file', '', 'application/octet-stream'],
  ])('have a type: %s %s', (path, content, type) => {
    expect(contentType(path, bytes(content))).toBe(type)
  })

  it.each([
    ['/', ''],
    ['/a/b.js', 'a/b.js'],
    ['/docs/', 'docs/'],
    ['/%E5%9B%BE/%E8%A7%A3%20x.png', '图/解 x.png'],
    ['/100%', '100%'],
    ['/caf%65%CC%81.png', 'café.png'],
    ['/A.js', 'A.js'],
  ])('are found by address: %s', (pathname, name) => {
    expect(nameOf(pathname)).toBe(normal(name))
  })

  it('tells files from places of an application', () => {
    expect(['/orders/17', '/', '/v1.2/about', '/a.html', '/x/a.b'].map(namesFile)).toEqual([false, false, false, true, true])
  })

  it('asks online below the address that was signed, whatever the path looks like', () => {
    const h5 = { virtualHost: 'shop.h5.example', fallbackUrl: 'https://shop.example/web/', mainUrl: '/index.html' }
    const online = (address: string): string => onlineAddress(h5, new URL(address))
    expect(online('http://shop.localhost/a/b.js?v=1')).toBe('https://shop.example/web/a/b.js?v=1')
    expect(online('http://shop.localhost//evil.example/x')).toBe('https://shop.example/web//evil.example/x')
    expect(online('http://shop.localhost/https://evil.example/x')).toBe('https://shop.example/web/https://evil.example/x')
    expect(online('http://shop.localhost/%2e%2e/x')).toBe('https://shop.example/web/x')
    expect(online('http://shop.localhost/')).toBe('https://shop.example/web/')
  })

  it.each([
    [null, 'none'], ['bytes=0-', { start: 0, end: 10 }], ['bytes=2-4', { start: 2, end: 5 }],
    ['bytes=-3', { start: 7, end: 10 }], ['bytes=-30', { start: 0, end: 10 }], ['bytes=5-99', { start: 5, end: 10 }],
    ['bytes=10-', 'unsatisfiable'], ['bytes=-0', 'unsatisfiable'], ['bytes=5-2', 'unsatisfiable'],
    ['bytes=0-1,3-4', 'none'], ['bytes=-', 'none'], ['lines=1-2', 'none'],
  ])('give parts: %s', (header, range) => {
    expect(parseRange(header, 10)).toEqual(range)
  })

  it('may be framed by the platform and the program only', () => {
    expect(pageHeaders(['https://eden.example'])['content-security-policy']).toBe("frame-ancestors 'self' https://eden.example")
  })
})
