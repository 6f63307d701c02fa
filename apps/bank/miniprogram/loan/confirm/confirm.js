const api = require('../../utils/api')
const { schedule } = require('../../utils/loan')
const { pick, t } = require('../../utils/i18n')
const application = require('../application')

Page({
  data: {
    t: pick('product', 'loanAmount', 'term', 'months', 'rate', 'monthly', 'interest', 'photo', 'photoReady', 'bureau', 'submit'),
    product: {}, amount: 0, term: 12, plan: {}, document: null, agreed: false, busy: false, error: '',
  },

  onLoad() {
    const { product, amount, term, document } = application.get()
    wx.setNavigationBarTitle({ title: t('confirm') })
    if (product) this.setData({ product, amount, term, document, plan: schedule(amount, product.rate_bp, term) })
  },

  agree({ detail }) { this.setData({ agreed: detail.value.includes('yes') }) },

  async submit() {
    const { product, amount, term, document } = this.data
    this.key = this.key || api.newKey()
    this.setData({ busy: true, error: '' })
    try {
      const body = { product: product.code, amount, term, document: document && { size: document.size }, agreed: this.data.agreed }
      const { id } = await api.call('credit.application.create', body, this.key)
      application.reset()
      wx.redirectTo({ url: `/loan/offer/offer?id=${id}` })
    } catch (error) {
      if (error.code !== 'offline') this.key = undefined
      this.setData({ error: error.message })
    } finally {
      this.setData({ busy: false })
    }
  },
})
