/** `<functional-page-navigator>`: a plugin's way to functions that only a program has. */
import type { WireObject } from '../bridge/messages'
import type { HostError } from '../runtime/context'
import { Builtin } from './kit'
import { onTap } from './label'

interface FunctionalPageNavigatorProps {
  version: string
  name: string
  args: WireObject | null
}

/** name → calls, whose answers are joined */
const CALLS: { [name: string]: string[] } = {
  loginAndGetUserInfo: ['login', 'getUserInfo'],
  requestPayment: ['requestPayment'],
  chooseAddress: ['chooseAddress'],
  chooseInvoice: ['chooseInvoice'],
  chooseInvoiceTitle: ['chooseInvoiceTitle'],
}

export class FunctionalPageNavigator extends Builtin<FunctionalPageNavigatorProps> {
  static tag = 'functional-page-navigator'
  static override properties = {
    version: { type: String, value: 'release' },
    name: String,
    args: { type: Object, value: null },
  }
  static css = 'wx-functional-page-navigator{display:block}'

  override create(): void {
    this.host.setAttribute('role', 'button')
    this.host.tabIndex = 0
    onTap(this, () => void this.open())
  }

  private async open(): Promise<void> {
    const { name, args } = this.props
    try {
      const answers: object[] = []
      for (const call of CALLS[name] ?? [name]) answers.push(await this.rt.call(call, args ?? {}))
      this.trigger('success', Object.assign({ errMsg: `${name}:ok` }, ...answers))
    } catch (error) {
      const { reason } = error as HostError
      this.trigger(reason === 'cancel' ? 'cancel' : 'fail', { errMsg: `${name}:fail ${reason}` })
    }
  }
}
