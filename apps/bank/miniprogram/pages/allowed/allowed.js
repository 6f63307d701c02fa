const api = require('../../utils/api')
const page = require('../../utils/page')
const { pick, t, table } = require('../../utils/i18n')

/** What third parties may see and may have paid, and taking it back. */
Page({
  behaviors: [page],
  data: { t: pick('withdraw', 'until', 'whenWithdrawn', 'decided', 'noThirdParties'), items: [], states: table.allowedStates },

  onLoad() { this.title('thirdParties') },
  onShow() { this.refresh(this.data.state === 'ready') },
  onPullDownRefresh() { this.refresh(true) },

  async load() { this.setData({ items: (await api.call('openbank.consent.list')).items }) },

  async withdraw({ currentTarget }) {
    const { id, name } = currentTarget.dataset
    const { confirm } = await wx.showModal({ title: `${t('withdraw')} · ${name}`, content: t('withdrawAsk'), confirmText: t('confirmShort'), cancelText: t('cancel') })
    if (!confirm) return
    try {
      await api.call('openbank.consent.withdraw', { id })
      wx.showToast({ title: t('withdrawn'), icon: 'none' })
    } catch (error) {
      wx.showToast({ title: error.message, icon: 'none' })
    }
    this.refresh(true)
  },
})
