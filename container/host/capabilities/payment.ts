/** wx.requestPayment: by the organisation's payment service; without one the person only rehearses it. */
import { text } from './arguments'
import { say } from './strings'
import { cancelled, fail } from './types'
import type { Capability } from './types'

export const requestPayment: Capability = async (call) => {
  const { args, program, services } = call
  const confirmed = await call.prompt.ask({
    kind: 'confirm', title: `${say(call, 'payment')} · ${program.name}`,
    content: services.pay ? text(args, 'package') : say(call, 'paymentRehearsal'), confirmText: say(call, 'pay'),
  })
  if (!confirmed) throw cancelled()
  try {
    return (await services.pay?.(program, args)) ?? {}
  } catch (error) {
    throw fail(error instanceof Error ? error.message : 'payment failed')
  }
}
