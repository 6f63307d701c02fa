const api = require('../../utils/api')
const keyboard = require('../../utils/keyboard')
const page = require('../../utils/page')
const money = require('../../utils/money')
const { pick, t } = require('../../utils/i18n')

Page({
  behaviors: [page],
  data: {
    t: pick('payee', 'choosePayee', 'addPayee', 'amount', 'balance', 'max', 'remark', 'remarkHint', 'next'),
    payees: [], payee: {}, index: 0, account: {}, limit: 0, amount: '', remark: '', problem: '', ready: false, busy: false,
  },

  onLoad() {
    this.title('transfer')
    this.refresh()
  },
  onReady() { getApp().nameTabs() },
  onShow() { if (this.data.state === 'ready') this.refresh(true) },

  async load() {
    const [{ items, daily_limit: limit }, { accounts, customer }] = await Promise.all([api.call('payment.payee.list'), api.call('account.overview.get')])
    this.customer = customer
    const index = Math.max(0, items.findIndex(({ id }) => id === this.wanted))
    this.setData({ payees: items, index, payee: this.wanted ? items[index] || {} : {}, limit, account: accounts[0] || {} })
    this.judge()
  },

  choose({ detail }) {
    const index = Number(detail.value)
    const payee = this.data.payees[index] || {}
    this.wanted = payee.id
    this.key = undefined
    this.setData({ index, payee })
    this.judge()
  },

  add() { wx.navigateTo({ url: '/pages/payee/payee', events: { added: (id) => { this.wanted = id } } }) },

  type({ detail }) {
    const amount = money.clean(detail.value)
    // another amount is another transfer, as another payee is
    this.key = undefined
    this.setData({ amount })
    this.judge()
    return amount
  },

  judge() {
    const { amount, limit, account, payee } = this.data
    const cents = money.parse(amount)
    const problem = cents > limit ? t('overLimit') : cents > account.balance ? t('overBalance') : ''
    this.setData({ problem, ready: cents > 0 && !problem && Boolean(payee.id) })
  },

  /** The PIN on a keyboard that says what it is for, sealed for this transfer; without one, a question. */
  async authorise(what, bound) {
    if (await keyboard.isThere()) {
      const sealed = await keyboard.askPin(this.customer.id, what, bound)
      return sealed && { sealed }
    }
    const { confirm } = await wx.showModal({ title: t('confirmTransfer'), content: what, confirmText: t('confirmShort'), cancelText: t('cancel') })
    return confirm && {}
  },

  async confirm() {
    const { payee, amount, account, remark } = this.data
    const cents = money.parse(amount)
    this.key = this.key || api.newKey()
    this.setData({ busy: true, problem: '' })
    try {
      const given = await this.authorise(`${t('to')} ${payee.name} ¥ ${money.format(cents)}`, [account.id, payee.id, cents, this.key].join(' '))
      if (!given) return
      const { balance, state } = await api.call('payment.transfer.create', { payee: payee.id, account: account.id, amount: cents, remark, ...given }, this.key)
      this.key = undefined
      this.setData({ amount: '', remark: '', ready: false, 'account.balance': balance })
      const text = `${payee.name} ¥ ${money.format(cents)}`
      wx.navigateTo({ url: `/pages/result/result?title=${state === 'pending' ? 'sent' : 'transferred'}&text=${encodeURIComponent(text)}` })
    } catch (error) {
      if (!error.isUnknown) this.key = undefined
      this.setData({ problem: error.message })
    } finally {
      this.setData({ busy: false })
    }
  },
})
