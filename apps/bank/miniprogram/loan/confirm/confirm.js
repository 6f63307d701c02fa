const api = require('../../utils/api')
const { pick, t } = require('../../utils/i18n')
const application = require('../application')

Page({
  data: {
    t: pick('product', 'loanAmount', 'term', 'months', 'rate', 'monthly', 'interest', 'photo', 'photoReady', 'bureau', 'submit'),
    product: {}, amount: 0, term: 12, plan: null, agreed: false, busy: false, error: '',
  },

  async onLoad() {
    wx.setNavigationBarTitle({ title: t('confirm') })
    const { id, product, amount, term, plan } = application.get()
    // one that an officer has sent back knows what was asked for
    const known = product ? { product, amount, term } : await this.asked(id)
    this.setData({ ...known, plan })
  },

  async asked(id) {
    const { amount, term, product_name } = await api.call('credit.application.get', { id })
    return { product: { name: product_name, rate_bp: 0 }, amount, term }
  },

  agree({ detail }) { this.setData({ agreed: detail.value.includes('yes') }) },

  async submit() {
    const { amount, term, agreed } = this.data
    const { id } = application.get()
    this.setData({ busy: true, error: '' })
    try {
      await api.call('credit.application.submit', { id, amount, term, agreed })
      application.reset()
      wx.reLaunch({ url: `/loan/offer/offer?id=${id}` })
    } catch (error) {
      this.setData({ error: error.message })
    } finally {
      this.setData({ busy: false })
    }
  },
})
