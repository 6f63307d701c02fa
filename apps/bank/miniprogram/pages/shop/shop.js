const api = require('../../utils/api')
const { pick, t } = require('../../utils/i18n')

/** Whom to pay: the code at a shop's till, or the number that is in it. */
Page({
  data: { t: pick('payTitle', 'payText', 'useCamera', 'shopNumber', 'shopNumberHint', 'next'), number: '', busy: false, error: '' },

  onLoad() { wx.setNavigationBarTitle({ title: t('pay') }) },

  async scan() {
    try {
      const { result } = await wx.scanCode({ scanType: ['qrCode'] })
      this.setData({ number: result, error: '' })
      this.next()
    } catch (error) {
      if (!/cancel/.test(error.errMsg)) this.setData({ error: t('failed') })
    }
  },

  async next() {
    const { busy } = this.data
    const number = this.data.number.replace(/\s/g, '')
    if (!number || busy) return
    if (!/^\d+$/.test(number)) return this.setData({ error: t('notShopCode') })
    this.setData({ busy: true, error: '' })
    try {
      await api.call('payment.shop.get', { number })
      wx.navigateTo({ url: `/pages/pay/pay?number=${number}` })
    } catch (error) {
      this.setData({ error: error.message })
    } finally {
      this.setData({ busy: false })
    }
  },
})
