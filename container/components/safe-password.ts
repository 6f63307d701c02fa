/** `<input type="safe-password">`: what WeChat's attributes ask for, of the phone's secure keyboard (docs/keyboard.md). */
import type { Runtime } from '../runtime/context'

export interface SafePasswordProps {
  safePasswordLength: number
  safePasswordTimeStamp: number
  safePasswordNonce: string
  safePasswordSalt: string
  safePasswordCustomHash: string
  safePasswordKind: string
  safePasswordPurpose: string
  safePasswordUser: string
  safePasswordTitle: string
  safePasswordShuffle: boolean
}

export interface Outcome {
  encryptedValue: string
  /** why there is none */
  encryptError: string
}

const NOTHING: Outcome = { encryptedValue: '', encryptError: '' }

let latest = 0

export class SafePassword {
  isOpen = false
  outcome = NOTHING

  constructor(private readonly rt: Runtime) {}

  reset(): void { this.outcome = NOTHING }

  /** Show the keyboard; `counted` hears of every key. Resolves when it has gone, however that came about. */
  async open(props: SafePasswordProps, counted: (count: number) => void): Promise<void> {
    const id = ++latest
    this.reset()
    this.isOpen = true
    counted(0)
    const deaf = this.rt.on('secureKeyboard', (detail) => { if (detail.id === id) counted(detail.count) })
    try {
      const { encryptedValue } = await this.rt.call('secureKeyboard', {
        id, kind: props.safePasswordKind, purpose: props.safePasswordPurpose, user: props.safePasswordUser,
        title: props.safePasswordTitle, length: Math.max(0, props.safePasswordLength), shuffle: props.safePasswordShuffle,
        bound: [props.safePasswordTimeStamp || '', props.safePasswordNonce].join(' ').trim(),
        salt: props.safePasswordSalt, hash: props.safePasswordCustomHash,
      })
      this.outcome = { encryptedValue: String(encryptedValue), encryptError: '' }
    } catch (error) {
      counted(0)
      this.outcome = { encryptedValue: '', encryptError: (error as { reason?: string }).reason ?? String(error) }
    } finally {
      deaf()
      this.isOpen = false
    }
  }
}
