const api = require('../../utils/api')
const { pick, t } = require('../../utils/i18n')

Page({
  data: {
    t: pick('bank', 'slogan', 'phone', 'phoneHint', 'password', 'passwordHint', 'agree', 'signIn'),
    phone: '', agreed: false, busy: false, error: '',
  },

  agree({ detail }) { this.setData({ agreed: detail.value.includes('yes'), error: '' }) },

  async submit({ detail }) {
    if (this.data.busy) return
    if (!this.data.agreed) return this.setData({ error: t('mustAgree') })
    this.setData({ busy: true, error: '' })
    try {
      const { code } = await wx.login()
      const { token, customer } = await api.call('identity.session.open', { ...detail.value, code })
      wx.setStorageSync('token', token)
      getApp().globalData.customer = customer
      wx.switchTab({ url: '/pages/home/home' })
    } catch (error) {
      this.setData({ error: error.message || t('failed') })
    } finally {
      this.setData({ busy: false })
    }
  },
})
