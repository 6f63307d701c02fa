import { describe, expect, it } from 'vitest'
import { label, programOrigin } from './origin'

const at = (template: string, platform = 'https://eden.example.com') => programOrigin(template, 'test', 'shop', platform)

describe('origins of web applications', () => {
  it('have a label that reads like the key and is no other program\'s', async () => {
    const shop = await label('test', 'shop')
    expect(shop).toMatch(/^shop-[0-9a-f]{20}$/)
    expect(await label('test', 'shop')).toBe(shop)
    expect(await label('production', 'shop')).not.toBe(shop)
    // keys that a host name cannot tell apart
    const alike = await Promise.all(['a_b', 'a-b', 'A_b', 'a--b', 'a__b'].map((key) => label('test', key)))
    expect(new Set(alike).size).toBe(alike.length)
    expect(alike.every((one) => one.startsWith('a-b-'))).toBe(true)
  })

  it.each(['x'.repeat(64), '_', 'wx0123ABC', 'xn--a', '-', '9'])('is a DNS label: %s', async (key) => {
    const made = await label('test', key)
    expect(made).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/)
    expect(made).not.toMatch(/--/)
  })

  it('follow the server\'s template', async () => {
    expect(await at('https://{key}.h5.example.com')).toBe(`https://${await label('test', 'shop')}.h5.example.com`)
    expect(await at('http://{key}.eden.localhost:8700')).toBe(`http://${await label('test', 'shop')}.eden.localhost:8700`)
  })

  it.each([
    'https://h5.example.com', 'javascript:{key}.a', 'https://{key}', 'https://a.{key}.example.com', '{key}.example.com',
    'https://{key}.example.com/path', 'https://{key}.example.com@evil.example', 'https://{key}.{key}.example.com', '',
  ])('refuse the template %j', async (template) => {
    expect(await at(template)).toBeUndefined()
  })

  it('are never the platform\'s', async () => {
    const own = `https://${await label('test', 'shop')}.example.com`
    expect(await at('https://{key}.example.com', own)).toBeUndefined()
  })
})
