/** Who the person is: wx.login, the session, profile, phone number. The embedding organisation may supply each. */
import type { WireObject } from '../../bridge/messages'
import { askForm } from './panels'
import { say } from './strings'
import { cancelled, fail } from './types'
import type { Capability, HostCall } from './types'

const SESSION = 'session'

/** Letters and digits that a server would take for WeChat's. */
function randomText(length: number): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
  return Array.from(crypto.getRandomValues(new Uint8Array(length)), (byte) => letters[byte % letters.length]).join('')
}

const randomBase64 = (bytes: number): string =>
  btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(bytes))))

/** A one-time code; asks once whether the program may know the person. */
export const login: Capability = async (call) => {
  await call.authorize('scope.login')
  const { code } = (await call.services.login?.(call.program)) ?? { code: randomText(32) }
  await call.store.write(new Map([[SESSION, Date.now()]]))
  return { code }
}

export const checkSession: Capability = async (call) => {
  const session = await call.store.get<number>(SESSION)
  const valid = session !== undefined && ((await call.services.checkSession?.(call.program)) ?? true)
  return { valid }
}

/** WeChat's neutral person: since 2022 it gives no program more than this without the person filling it in. */
const anonymous = (call: HostCall): WireObject => ({
  nickName: say(call, 'anonymous'), gender: 0, language: '', city: '', province: '', country: '',
  avatarUrl: 'data:image/svg+xml,' + encodeURIComponent(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 132 132"><rect width="132" height="132" fill="#d9d9d9"/>' +
    '<circle cx="66" cy="52" r="24" fill="#fff"/><path d="M18 132a48 40 0 0 1 96 0z" fill="#fff"/></svg>',
  ),
})

/** The fields that WeChat signs and encrypts have its shape; only the organisation's own service can make real ones. */
async function userInfo(call: HostCall): Promise<WireObject> {
  const answer = await call.services.userInfo?.(call.program, call.args)
  if (answer?.userInfo) return answer
  const info = { ...anonymous(call), ...answer }
  return {
    userInfo: info, rawData: JSON.stringify(info), signature: await sha1(JSON.stringify(info) + randomText(24)),
    encryptedData: randomBase64(256), iv: randomBase64(16), cloudID: '',
  }
}

async function sha1(text: string): Promise<string> {
  // Not there on pages without TLS.
  if (!crypto.subtle) return randomText(40).toLowerCase()
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-1', new TextEncoder().encode(text)))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** wx.getUserInfo and the button of that name; WeChat no longer asks, because it tells nothing. */
export const getUserInfo: Capability = async (call) => {
  if (call.services.userInfo) await call.authorize('scope.userInfo')
  return userInfo(call)
}

/** Asks each time, as documented. */
export const getUserProfile: Capability = async (call) => {
  const granted = await call.prompt.ask({
    kind: 'login',
    title: say(call, 'profile'),
    items: [say(call, 'profileItem'), String(call.args.desc ?? '')].filter(Boolean),
  })
  if (!granted) throw fail('auth deny', 103)
  return userInfo(call)
}

export const getPhoneNumber: Capability = async (call) => {
  const granted = await call.prompt.ask({
    kind: 'login',
    title: say(call, 'phoneNumber'),
    items: [say(call, 'phoneNumberItem')],
  })
  if (!granted) throw fail('user deny', 103)
  const answer = await call.services.phoneNumber?.(call.program)
  return answer ?? { code: randomText(64), encryptedData: randomBase64(256), iv: randomBase64(16), cloudID: '' }
}

export const getRealtimePhoneNumber = getPhoneNumber

export const getEmailAddress: Capability = async (call) => {
  const [field] = [
    {
      name: 'email',
      label: say(call, 'emailItem'),
      type: 'email' as const,
      required: true,
      example: 'eden@example.com',
    },
  ]
  const { email } = await askForm(call, say(call, 'email'), [field])
  if (!email) throw cancelled()
  return { email, code: randomText(64) }
}
