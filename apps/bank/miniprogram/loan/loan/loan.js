const api = require('../../utils/api')
const page = require('../../utils/page')
const money = require('../../utils/money')
const pdf = require('../../utils/pdf')
const { pick, t, table } = require('../../utils/i18n')

/** ms after the last key until the bank is asked what an amount would do */
const PAUSE = 400

/** A loan: what is owed and due, its instalments, repaying what is due, prepaying some or all of it. */
Page({
  behaviors: [page],
  data: {
    t: pick(
      'owed', 'payoff', 'nextDue', 'startDay', 'rate', 'number', 'schedule', 'month', 'monthEnd', 'repay', 'repayAmount', 'repayAll', 'contractHash', 'readContract', 'dueToday',
      'overdueFor', 'days', 'penalty', 'collected', 'overdueText', 'writtenOffText', 'payDue', 'prepayFee', 'savedInterest', 'monthlyAfter', 'endsAfter', 'principal', 'interestPart',
    ),
    loan: {}, status: '', states: table.states, instalments: table.instalments, amount: '', preview: null, problem: '', busy: false,
  },
  asked: 0,

  onLoad({ id }) {
    this.id = id
    this.title('loans')
    this.refresh()
  },
  onUnload() { clearTimeout(this.timer) },
  onPullDownRefresh() { this.refresh(true) },

  async load() { this.show(await api.call('credit.loan.get', { id: this.id })) },

  show(loan) {
    const status = loan.overdue && loan.state === 'active' ? table.states.overdue : table.states[loan.state]
    this.setData({ loan, status, amount: loan.due > 0 ? plain(loan.due) : '', preview: null, problem: '' })
  },

  type({ detail }) {
    const amount = money.clean(detail.value)
    this.setAmount(amount)
    return amount
  },

  due() { this.setAmount(plain(this.data.loan.due)) },
  all() { this.setAmount(plain(this.data.loan.payoff)) },

  /** What is more than due is prepaid: what that saves is asked once the typing pauses. */
  setAmount(amount) {
    // another amount is another repayment
    this.key = undefined
    this.setData({ amount, preview: null, problem: '' })
    clearTimeout(this.timer)
    const cents = money.parse(amount)
    if (this.data.loan.state === 'active' && cents > this.data.loan.due) this.timer = setTimeout(() => this.ask(cents), PAUSE)
  },

  async ask(cents) {
    this.asked += 1
    const { asked } = this
    try {
      const preview = await api.call('credit.repayment.preview', { id: this.id, amount: String(cents) })
      if (asked === this.asked && money.parse(this.data.amount) === cents) this.setData({ preview })
    } catch (error) {
      if (asked === this.asked && error.code !== 'offline') this.setData({ problem: error.message })
    }
  },

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
      if (!error.isUnknown) this.key = undefined
      this.setData({ problem: error.message })
    } finally {
      this.setData({ busy: false })
    }
  },

  async contract() {
    try {
      await pdf.show(await api.call('credit.contract.prove', { id: this.id }))
    } catch (error) {
      wx.showToast({ title: error.message || t('failed'), icon: 'none' })
    }
  },
})

/** 123456 → "1234.56" */
const plain = (cents) => money.format(cents).replace(/,/g, '')
