const { t } = require('./i18n')

/** Loading, error and retry for pages that show what the service says. A page brings `load()`, which returns a promise. */
module.exports = Behavior({
  data: { state: 'loading', error: '' },
  methods: {
    async refresh(quiet) {
      if (!quiet) this.setData({ state: 'loading', error: '' })
      try {
        await this.load()
        this.setData({ state: 'ready' })
      } catch (error) {
        if (error.code === 'signed-out') return
        if (quiet) wx.showToast({ title: error.message || t('failed'), icon: 'none' })
        else this.setData({ state: 'error', error: error.message || t('failed') })
      } finally {
        wx.stopPullDownRefresh({ fail() {} })
      }
    },
    retry() { this.refresh() },
    title(key) { wx.setNavigationBarTitle({ title: t(key) }) },
  },
})
