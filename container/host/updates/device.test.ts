import { describe, expect, it } from 'vitest'
import type { SystemInfo } from '../../bridge/messages'
import { MemoryValues } from '../store/values'
import { deviceContext, deviceId, platformOf } from './device'

describe('deviceId', () => {
  it('is made once and kept', async () => {
    const values = new MemoryValues()
    const id = await deviceId(values)
    expect(id).toMatch(/^[0-9a-f]{32}$/)
    expect(await deviceId(values)).toBe(id)
    expect(await deviceId(new MemoryValues())).not.toBe(id)
  })

  it('does without a store that fails', async () => {
    const broken = { ...new MemoryValues(), get: () => Promise.reject(new Error('x')), write: () => Promise.reject(new Error('x')) }
    expect(await deviceId(broken as unknown as MemoryValues)).toMatch(/^[0-9a-f]{32}$/)
  })
})

describe('deviceContext', () => {
  const system = { model: 'Eden phone', hostVersion: '0.1.0', language: 'zh_CN' } as SystemInfo

  it('says what the phone knows, then what the page says', () => {
    expect(deviceContext(system, 'wifi', { city: '杭州', tags: ['vip'] }, 'Mozilla/5.0 (Linux; Android 14; Pixel 8)')).toEqual({
      device_model: 'Eden phone', platform: 'android', os_version: '14', container_version: '0.1.0', network: 'wifi',
      language: 'zh-CN', city: '杭州', tags: ['vip'],
    })
  })

  it('leaves out what is empty or too long', () => {
    const context = deviceContext(system, '', { city: 'x'.repeat(300), channel: '' }, 'x')
    expect(context).toEqual({ device_model: 'Eden phone', platform: 'web', container_version: '0.1.0', language: 'zh-CN' })
  })
})

it.each([
  ['Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X)', { platform: 'ios', os_version: '17.5.1' }],
  ['Mozilla/5.0 (Windows NT 10.0; Win64; x64)', { platform: 'windows', os_version: '10.0' }],
  ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)', { platform: 'macos', os_version: '10.15.7' }],
  ['Mozilla/5.0 (Phone; OpenHarmony 5.0)', { platform: 'harmony', os_version: '5.0' }],
  ['Mozilla/5.0 (X11; CrOS x86_64 14541.0.0)', { platform: 'chromeos', os_version: '14541.0.0' }],
  ['Mozilla/5.0 (X11; Linux x86_64)', { platform: 'linux' }],
])('platformOf %s', (agent, expected) => { expect(platformOf(agent)).toEqual(expected) })
