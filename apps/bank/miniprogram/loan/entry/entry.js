const api = require('../../utils/api')
const { language, pick, t } = require('../../utils/i18n')
const application = require('../application')

Page({
  data: { t: pick('entryTitle', 'entryText', 'useCamera', 'code', 'codeHint', 'next'), code: '', busy: false, error: '' },

  onLoad() {
    application.reset()
    wx.setNavigationBarTitle({ title: t('entry') })
  },

  async scan() {
    try {
      const { result } = await wx.scanCode({ scanType: ['qrCode'] })
      this.setData({ code: result, error: '' })
      this.next()
    } catch (error) {
      if (!/cancel/.test(error.errMsg)) this.setData({ error: t('failed') })
    }
  },

  async next() {
    const { code, busy } = this.data
    if (!code || busy) return
    this.setData({ busy: true, error: '' })
    try {
      const { product, terms } = await api.call('credit.product.get', { code: code.trim() })
      if (language === 'en') product.name = product.name_en
      application.set({ code, product, terms, amount: Math.min(product.max, 5000000) })
      wx.navigateTo({ url: '/loan/plan/plan' })
    } catch (error) {
      this.setData({ error: error.message })
    } finally {
      this.setData({ busy: false })
    }
  },
})
