/**
 * `eden.keyboard`: PINs and passwords on the phone's secure keyboard (docs/keyboard.md). The program gets a sealed text,
 * which only the service that it is meant for can have opened.
 *
 *     const { encryptedValue, count } = await eden.keyboard.open({ kind: 'pin', purpose: 'pay', user, length: 6 })
 *     const { available } = await eden.keyboard.isAvailable()
 */
import type { Runtime } from '../runtime/context'

export const openKeyboard = (rt: Runtime) => async (options: any): Promise<object> => {
  const { kind = 'pin', purpose = 'pay', user = '', length = 0, shuffle = false, title = '', bound = '', salt = '', hash = '' } = options
  return rt.call('secureKeyboard', {
    kind, purpose, user: String(user), length: Number(length), shuffle: !!shuffle, title: String(title), bound: String(bound),
    salt: String(salt), hash: String(hash),
  })
}

export const isKeyboardAvailable = (rt: Runtime) => async (): Promise<object> => rt.call('secureKeyboard', { ask: true })
