/** Paying and subscriptions. */
import type { AreaFactory } from '../kit'
import { fail, requireParameter } from '../kit'
import { wxArea } from '../typed'

const PAYMENT_FIELDS = ['timeStamp', 'nonceStr', 'package', 'paySign'] as const

/** WeChat lets a program ask for three templates at a time. */
const MAX_TEMPLATES = 3

export const payment: AreaFactory = (rt) => wxArea({
  async: {
    async requestPayment(options) {
      for (const name of PAYMENT_FIELDS) requireParameter(options, name, 'String')
      const { timeStamp, nonceStr, package: order, paySign, signType = 'MD5' } = options
      await rt.call('requestPayment', { timeStamp, nonceStr, package: order, paySign, signType })
    },

    async requestSubscribeMessage(options) {
      const ids: unknown = options.tmplIds
      const refuse = (reason: string, errCode: number) => fail(reason, undefined, { errCode })
      if (!Array.isArray(ids) || ids.length === 0) throw refuse("TmplIds can't be empty", 10001)
      if (ids.some((id) => typeof id !== 'string' || id === '')) throw refuse('Invalid template id', 10004)
      if (ids.length > MAX_TEMPLATES) throw refuse('Templates count out of max bounds', 20003)
      return rt.call('requestSubscribeMessage', { tmplIds: ids as string[] }) as Promise<any>
    },
  },
  partial: { requestPayment: 'paid by the host\'s payment service; without one, a payment is only rehearsed' },
})
