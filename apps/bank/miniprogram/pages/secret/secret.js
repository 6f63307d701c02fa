const api = require('../../utils/api')
const sealed = require('../../utils/sealed')
const { pick, t } = require('../../utils/i18n')

const WHAT = { password: ['changePassword', 'passwordChanged'], pin: ['changePin', 'pinChanged'] }

/** A new password, or a new PIN; either is asked for by the password of now. */
Page({
  behaviors: [sealed],
  data: {
    t: pick('oldPassword', 'passwordTitle', 'passwordHint', 'newPassword', 'newPin', 'pinHint', 'again', 'save'),
    what: 'password', user: '',
  },

  async onLoad({ what = 'password' }) {
    this.setData({ what })
    wx.setNavigationBarTitle({ title: t(WHAT[what][0]) })
    try {
      const customer = getApp().globalData.customer || await api.call('identity.customer.get')
      this.setData({ user: customer.id })
    } catch (error) {
      this.setData({ error: error.message })
    }
  },

  submit() {
    const { what, busy } = this.data
    if (busy || !this.isComplete(['password', 'sealed', 'again'])) return
    this.attempt(async () => {
      await api.call(`identity.${what}.change`, { ...this.sealed })
      wx.navigateBack()
      wx.showToast({ title: t(WHAT[what][1]) })
    })
  },
})
