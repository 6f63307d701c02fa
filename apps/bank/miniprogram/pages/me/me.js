const api = require('../../utils/api')
const keyboard = require('../../utils/keyboard')
const { pick, t, table } = require('../../utils/i18n')

Page({
  data: {
    t: pick('bill', 'shopCode', 'loans', 'claim', 'thirdParties', 'changePassword', 'changePin', 'permissions', 'language', 'languageValue', 'theme', 'themeValue', 'privacy', 'about', 'signOut'),
    customer: {}, level: '', initial: '', shop: '', secure: false,
  },

  async onLoad() {
    wx.setNavigationBarTitle({ title: t('settings') })
    this.setData({ secure: await keyboard.isThere() })
  },

  onReady() { getApp().nameTabs() },

  async onShow() {
    try {
      const { customer, accounts } = await api.call('account.overview.get')
      const { id: shop = '' } = accounts.find(({ product }) => product === 'MERCHANT') || {}
      this.setData({ customer, shop, initial: customer.name.slice(0, 1), level: table.levels[customer.level] || customer.level })
    } catch (error) {
      wx.showToast({ title: error.message, icon: 'none' })
    }
  },

  bill() { wx.navigateTo({ url: '/pages/bill/bill' }) },
  code() { wx.navigateTo({ url: `/pages/code/code?id=${this.data.shop}` }) },
  loans() { wx.navigateTo({ url: '/loan/loans/loans' }) },
  claim() { wx.navigateTo({ url: '/pages/claim/claim' }) },
  secret({ currentTarget }) { wx.navigateTo({ url: `/pages/secret/secret?what=${currentTarget.dataset.what}` }) },
  thirdParties() { wx.navigateTo({ url: '/pages/allowed/allowed' }) },
  permissions() { wx.openSetting({ fail() {} }) },
  privacy() { wx.showModal({ title: t('privacy'), content: t('privacyText'), showCancel: false, confirmText: t('confirmShort') }) },
  about() { wx.showModal({ title: t('about'), content: t('aboutText'), showCancel: false, confirmText: t('confirmShort') }) },

  async signOut() {
    const { confirm } = await wx.showModal({ title: t('signOut'), content: t('signOutAsk'), confirmText: t('confirmShort'), cancelText: t('cancel') })
    if (!confirm) return
    await api.call('identity.session.close').catch(() => {})
    wx.removeStorageSync('token')
    wx.reLaunch({ url: '/pages/login/login' })
  },
})
