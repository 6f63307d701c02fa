const { pick, t } = require('../../utils/i18n')
const application = require('../application')

Page({
  data: { t: pick('documentTitle', 'documentText', 'take', 'retake', 'next', 'photo'), photo: '' },

  onLoad() { wx.setNavigationBarTitle({ title: t('document') }) },

  async take() {
    try {
      const { tempFiles } = await wx.chooseMedia({ count: 1, mediaType: ['image'], sourceType: ['camera', 'album'] })
      const [file] = tempFiles
      this.setData({ photo: file.tempFilePath })
      application.set({ document: { path: file.tempFilePath, size: file.size } })
    } catch (error) {
      if (!/cancel/.test(error.errMsg)) wx.showToast({ title: t('failed'), icon: 'none' })
    }
  },

  next() { wx.navigateTo({ url: '/loan/confirm/confirm' }) },
})
