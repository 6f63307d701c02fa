import { describe, expect, it } from 'vitest'
import { placeOf } from './collector'

describe('the page at an address', () => {
  it.each([
    ['/index.html', '', '', '/index.html', []],
    ['/orders/4711', '?token=hush&id=1', '', '/orders/{id}', ['token', 'id']],
    ['/', '', '#/orders/4711?from=home', '/#/orders/{id}', ['from']],
    ['/app/', '?a=1', '#!/me', '/app/#/me', ['a']],
    // a place in a text is no page
    ['/docs/', '', '#chapter-2', '/docs/', []],
  ])('%s%s%s', (pathname, search, hash, page, names) => {
    const found = placeOf(pathname, search, hash)
    expect([found.page, Object.keys(found.query)]).toEqual([page, names])
    expect(Object.values(found.query).join('')).toBe('')
  })
})
