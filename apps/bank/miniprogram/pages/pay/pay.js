const api = require('../../utils/api')
const page = require('../../utils/page')
const money = require('../../utils/money')
const { fill, language, pick, t } = require('../../utils/i18n')

/** An amount for a shop, without a PIN and in one step; then what was paid. */
Page({
  behaviors: [page],
  data: {
    t: pick('shop', 'shopNumber', 'payAmount', 'balance', 'from', 'remark', 'remarkHint', 'payNow', 'paidShop', 'time', 'number', 'done'),
    shop: {}, account: {}, accountName: '', amount: '', remark: '', limits: '', problem: '', ready: false, busy: false, paid: null,
  },

  onLoad({ number }) {
    this.number = number
    this.title('pay')
    this.refresh()
  },

  async load() {
    const [shop, { accounts }] = await Promise.all([api.call('payment.shop.get', { number: this.number }), api.call('account.overview.get')])
    const [account = {}] = accounts
    // of the bank's time, whatever this clock says
    this.ahead = shop.time - Date.now()
    const limits = fill('payLimits', { most: money.round(shop.most), day: money.round(shop.day_most) })
    this.setData({ shop, account, limits, accountName: language === 'en' ? account.name_en : account.name })
  },

  type({ detail }) {
    const amount = money.clean(detail.value)
    const { shop, account } = this.data
    const cents = money.parse(amount)
    const problem = cents > shop.most ? fill('overPay', { most: money.round(shop.most) }) : cents > account.balance ? t('overBalance') : ''
    this.setData({ amount, problem, ready: cents > 0 && !problem })
    // another amount is another payment
    this.key = undefined
    return amount
  },

  async pay() {
    const { shop, account, amount, remark, ready, busy } = this.data
    if (!ready || busy) return
    this.key = this.key || api.newKey(Date.now() + this.ahead)
    this.setData({ busy: true, problem: '' })
    try {
      const paid = await api.call('payment.purchase.create', { account: account.id, shop: shop.number, amount: money.parse(amount), remark }, this.key)
      this.setData({ paid })
      this.title('paidShop')
    } catch (error) {
      if (!error.isUnknown) this.key = undefined
      this.setData({ problem: error.message })
    } finally {
      this.setData({ busy: false })
    }
  },

  done() { wx.switchTab({ url: '/pages/home/home' }) },
})
