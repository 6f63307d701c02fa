const api = require('../../utils/api')
const page = require('../../utils/page')
const money = require('../../utils/money')
const { pick, t, table } = require('../../utils/i18n')

/** A loan: what is owed, its instalments, repaying some or all of it. */
Page({
  behaviors: [page],
  data: {
    t: pick('owed', 'payoff', 'nextDue', 'startDay', 'rate', 'number', 'schedule', 'month', 'repay', 'repayAmount', 'repayAll', 'contractHash'),
    loan: {}, status: '', states: table.states, amount: '', problem: '', busy: false,
  },

  onLoad({ id }) {
    this.id = id
    this.title('loans')
    this.refresh()
  },
  onPullDownRefresh() { this.refresh(true) },

  async load() { this.show(await api.call('credit.loan.get', { id: this.id })) },

  show(loan) {
    const due = loan.next ? loan.next.principal + loan.next.interest - loan.next.paid : 0
    this.setData({ loan, status: table.states[loan.state], amount: due > 0 ? money.format(due).replace(/,/g, '') : '', problem: '' })
  },

  type({ detail }) {
    const amount = money.clean(detail.value)
    this.setData({ amount })
    return amount
  },

  all() { this.setData({ amount: money.format(this.data.loan.payoff).replace(/,/g, '') }) },

  async repay() {
    const cents = money.parse(this.data.amount)
    if (!(cents > 0)) return
    const { confirm } = await wx.showModal({ title: t('repay'), content: `¥ ${money.format(cents)}`, confirmText: t('confirmShort'), cancelText: t('cancel') })
    if (!confirm) return
    this.key = this.key || api.newKey()
    this.setData({ busy: true, problem: '' })
    try {
      this.show(await api.call('credit.repayment.create', { id: this.id, amount: cents }, this.key))
      this.key = undefined
      wx.showToast({ title: t('repaid') })
    } catch (error) {
      if (error.code !== 'offline') this.key = undefined
      this.setData({ problem: error.message })
    } finally {
      this.setData({ busy: false })
    }
  },
})
