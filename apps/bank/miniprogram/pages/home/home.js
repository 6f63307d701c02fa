const api = require('../../utils/api')
const page = require('../../utils/page')
const { language, pick, t, table } = require('../../utils/i18n')

Page({
  behaviors: [page],
  data: {
    t: pick('hello', 'total', 'show', 'hide', 'accounts', 'recent', 'all', 'noTransactions', 'loanTitle', 'loanText'),
    english: language === 'en',
    hide: wx.getStorageSync('hide') === true,
    total: 0, accounts: [], recent: [], customer: {}, level: '',
    actions: [
      { text: t('pay'), icon: '/images/act-pay.png', url: '/pages/shop/shop' },
      { text: t('transfer'), icon: '/images/act-transfer.png', url: '/pages/transfer/transfer', tab: true },
      { text: t('bills'), icon: '/images/act-bills.png', url: '/pages/account/account' },
      { text: t('scan'), icon: '/images/act-scan.png', url: '/loan/entry/entry' },
    ],
  },

  onLoad() { this.title('bank') },
  onReady() { getApp().nameTabs() },
  onShow() { this.refresh(this.data.state === 'ready') },
  onPullDownRefresh() { this.refresh(true) },

  async load() {
    const { total, accounts, recent, customer, unread } = await api.call('account.overview.get')
    this.setData({ total, accounts, recent, customer, level: table.levels[customer.level] || customer.level })
    getApp().setUnread(unread)
  },

  toggle() {
    this.setData({ hide: !this.data.hide })
    wx.setStorage({ key: 'hide', data: this.data.hide })
  },

  go({ currentTarget }) {
    const { url, tab } = currentTarget.dataset
    if (tab) wx.switchTab({ url })
    else wx.navigateTo({ url })
  },
})
