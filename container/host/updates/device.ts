/** Who this phone is to a server: an id that says nothing about the person, and what audiences may ask about. */
import type { SystemInfo } from '../../bridge/messages'
import type { ValueStore } from '../capabilities/types'
import type { DeviceContext } from './wire'

const ID = 'device'
const MAX_TEXT = 256

/** Made once and kept; a phone without lasting storage has a new one at every start. */
export async function deviceId(values: ValueStore): Promise<string> {
  const kept = await values.get<string>(ID).catch(() => undefined)
  if (typeof kept === 'string' && kept) return kept
  const id = randomHex(16)
  await values.write(new Map([[ID, id]])).catch(() => undefined)
  return id
}

/** So many random bytes, in hex. */
export const randomHex = (bytes: number): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, '0')).join('')

/** What the phone knows by itself, then what the embedding page says (it knows the person, the city, the app). */
export function deviceContext(
  system: SystemInfo, network: string, own: DeviceContext, agent: string = navigator.userAgent,
): DeviceContext {
  const found: DeviceContext = {
    device_model: system.model,
    ...platformOf(agent),
    container_version: system.hostVersion,
    network,
    language: system.language.replace('_', '-'),
    ...own,
  }
  return Object.fromEntries(
    Object.entries(found).filter(([, value]) => Array.isArray(value) || (value && value.length <= MAX_TEXT)),
  )
}

/** The system under the browser, from its user agent text: browsers say no more everywhere. */
export function platformOf(agent: string): Pick<DeviceContext, 'platform' | 'os_version'> {
  const found: [RegExp, string][] = [
    [/OpenHarmony (\d[\d.]*)/, 'harmony'],
    [/Android (\d[\d.]*)/, 'android'],
    [/(?:iPhone|iPad|iPod).* OS (\d[\d_]*)/, 'ios'],
    [/Windows NT (\d[\d.]*)/, 'windows'],
    [/Mac OS X (\d[\d._]*)/, 'macos'],
    [/CrOS \S+ (\d[\d.]*)/, 'chromeos'],
  ]
  for (const [pattern, platform] of found) {
    const version = pattern.exec(agent)?.[1]
    if (version) return { platform, os_version: version.replaceAll('_', '.') }
  }
  return { platform: /Linux/.test(agent) ? 'linux' : 'web' }
}
