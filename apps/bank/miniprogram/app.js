const { t, language } = require('./utils/i18n')

App({
  globalData: { customer: null },

  /** The bar is there only once a page of it is: each of them asks for this. */
  nameTabs() {
    if (language !== 'en') return
    const texts = ['Home', 'Transfer', 'Messages', 'Me']
    texts.forEach((text, index) => wx.setTabBarItem({ index, text, fail() {} }))
  },

  onError(error) {
    console.warn(t('unexpected'), error)
  },

  /** Unread messages on the third tab. */
  setUnread(count) {
    const done = { fail() {} }
    if (count > 0) wx.setTabBarBadge({ index: 2, text: count > 99 ? '99+' : String(count), ...done })
    else wx.removeTabBarBadge({ index: 2, ...done })
  },
})
