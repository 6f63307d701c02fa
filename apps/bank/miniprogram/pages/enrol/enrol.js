const api = require('../../utils/api')
const sealed = require('../../utils/sealed')
const { pick, t } = require('../../utils/i18n')

const FIELDS = ['password', 'password_again', 'pin', 'pin_again']

/** Becoming a customer: password and PIN are typed on the secure keyboard, twice each. */
Page({
  behaviors: [sealed],
  data: {
    t: pick('fullName', 'phone', 'phoneHint', 'password', 'passwordHint', 'newPassword', 'again', 'pin', 'pinHint', 'newPin', 'agree', 'becomeCustomer'),
    name: '', phone: '', agreed: false,
  },

  onLoad() { wx.setNavigationBarTitle({ title: t('becomeCustomer') }) },

  /** What was typed is sealed for a number. */
  number({ detail }) {
    this.setData({ phone: detail.value })
    this.forget()
  },
  agree({ detail }) { this.setData({ agreed: detail.value.includes('yes'), error: '' }) },

  submit() {
    const { name, phone, agreed, busy } = this.data
    if (busy) return
    if (!agreed) return this.setData({ error: t('mustAgree') })
    if (!name.trim() || !phone) return this.setData({ error: t('allFields') })
    if (!this.isComplete(FIELDS)) return
    this.attempt(async () => {
      const { token, customer } = await api.call('identity.customer.enrol', { name, phone, ...this.sealed })
      wx.setStorageSync('token', token)
      getApp().globalData.customer = customer
      wx.switchTab({ url: '/pages/home/home' })
    })
  },
})
