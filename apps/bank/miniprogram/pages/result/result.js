const { pick, t } = require('../../utils/i18n')

Page({
  data: { t: pick('done'), title: '', text: '' },
  onLoad({ title = 'done', text = '' }) {
    this.setData({ title: t(title), text: decodeURIComponent(text) })
    wx.setNavigationBarTitle({ title: t(title) })
  },
  done() { wx.switchTab({ url: '/pages/home/home' }) },
})
