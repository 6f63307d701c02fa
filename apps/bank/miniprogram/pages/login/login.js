const api = require('../../utils/api')
const keyboard = require('../../utils/keyboard')
const { pick, t } = require('../../utils/i18n')

Page({
  data: {
    t: pick('bank', 'slogan', 'phone', 'phoneHint', 'password', 'passwordHint', 'passwordTitle', 'noSecure', 'agree', 'signIn', 'becomeCustomer'),
    phone: '', stars: '', secure: true, agreed: false, busy: false, error: '',
  },

  async onLoad() { this.setData({ secure: await keyboard.isThere() }) },

  agree({ detail }) { this.setData({ agreed: detail.value.includes('yes'), error: '' }) },

  /** What was typed is sealed for a number: for another one it is typed again. */
  number({ detail }) { this.setData({ phone: detail.value, ...this.forget() }) },
  typed({ detail }) {
    this.sealed = detail.encryptedValue
    if (detail.encryptError && detail.encryptError !== 'cancel') this.setData({ error: t('noKeyboard') })
  },
  forget() {
    this.sealed = ''
    return { stars: '' }
  },

  async submit({ detail }) {
    const { busy, agreed, secure } = this.data
    if (busy) return
    if (!agreed) return this.setData({ error: t('mustAgree') })
    if (secure && !this.sealed) return this.setData({ error: t('passwordTitle') })
    this.setData({ busy: true, error: '' })
    try {
      const { code } = await wx.login()
      const { phone, password } = detail.value
      const given = secure ? { sealed: this.sealed } : { password }
      const { token, customer } = await api.call('identity.session.open', { phone, code, ...given })
      wx.setStorageSync('token', token)
      getApp().globalData.customer = customer
      wx.switchTab({ url: '/pages/home/home' })
    } catch (error) {
      this.setData({ error: error.message || t('failed') })
    } finally {
      // a sealed password is good once
      this.setData({ busy: false, ...this.forget() })
    }
  },

  become() { wx.navigateTo({ url: '/pages/enrol/enrol' }) },
})
