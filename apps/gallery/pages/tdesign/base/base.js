Page({
  data: {
    taps: 0,
    visible: false,
    themeVars: { buttonPrimaryBgColor: '#0052d9' },
    links: [{ name: '首页', url: '/pages/index/index', openType: 'navigate' }],
    long: '很长的一段文字，超过两行后省略，点击展开后可以全部看到。'.repeat(6),
  },
  count() {
    this.setData({ taps: this.data.taps + 1 })
  },
  toggle() {
    this.setData({ visible: !this.data.visible })
  },
})
