const api = require('../../utils/api')
const page = require('../../utils/page')
const { pick } = require('../../utils/i18n')
const application = require('../application')

Page({
  behaviors: [page],
  data: {
    t: pick('product', 'loanAmount', 'term', 'months', 'rate', 'monthly', 'interest', 'photo', 'photoReady', 'bureau', 'submit'),
    product: {}, amount: 0, term: 12, plan: null, agreed: false, busy: false, problem: '',
  },

  onLoad() {
    this.title('confirm')
    if (!application.get().id) return wx.redirectTo({ url: '/loan/entry/entry' })
    this.refresh()
  },

  async load() {
    const { id, product, amount, term, plan } = application.get()
    // one that an officer has sent back knows what was asked for
    const known = product ? { product, amount, term } : await this.asked(id)
    this.setData({ ...known, plan })
  },

  async asked(id) {
    const { amount, term, product_name } = await api.call('credit.application.get', { id })
    return { product: { name: product_name }, amount, term }
  },

  agree({ detail }) { this.setData({ agreed: detail.value.includes('yes') }) },

  async submit() {
    const { amount, term, agreed } = this.data
    const { id } = application.get()
    this.setData({ busy: true, problem: '' })
    try {
      await api.call('credit.application.submit', { id, amount, term, agreed })
      application.reset()
      wx.reLaunch({ url: `/loan/offer/offer?id=${id}` })
    } catch (error) {
      this.setData({ problem: error.message })
    } finally {
      this.setData({ busy: false })
    }
  },
})
