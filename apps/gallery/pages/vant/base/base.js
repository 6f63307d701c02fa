Page({
  behaviors: [require('../../../utils/gallery')],
  data: { taps: 0, themeVars: { buttonPrimaryBackgroundColor: '#07c160' } },
  count() {
    this.setData({ taps: this.data.taps + 1 })
  },
})
