const { schedule } = require('../../utils/loan')
const { pick, t } = require('../../utils/i18n')
const application = require('../application')

/** A product for those who come without a code (a link): its own limits are checked again when it is submitted. */
const CODE = 'EDEN-SHOP-2026'
const DEFAULT = { code: 'SHOP', name: '小店贷', min: 100000, max: 30000000, rate_bp: 480 }

Page({
  data: {
    t: pick('rate', 'loanAmount', 'term', 'months', 'monthly', 'interest', 'schedule', 'month', 'principal', 'interestPart', 'next'),
    product: DEFAULT, terms: [6, 12, 24, 36], amount: 5000000, term: 12, plan: schedule(5000000, 480, 12),
  },

  onLoad() {
    const { product, terms, amount, term } = application.get()
    if (product) this.setData({ product, terms, amount, term })
    else application.set({ product: DEFAULT, code: CODE })
    this.replan()
    wx.setNavigationBarTitle({ title: t('plan') })
  },
  onReady() { this.draw() },
  onResize() { this.draw() },

  slide({ detail }) {
    this.setData({ amount: detail.value * 100000 })
    this.replan()
    this.draw()
  },

  choose({ currentTarget }) {
    this.setData({ term: currentTarget.dataset.term })
    this.replan()
    this.draw()
  },

  replan() {
    const { product, amount, term } = this.data
    this.setData({ plan: schedule(amount, product.rate_bp, term) })
    application.set({ amount, term })
  },

  /** One bar an instalment: principal below, interest above. */
  draw() {
    wx.createSelectorQuery().select('#chart').fields({ node: true, size: true }).exec(([found]) => {
      if (!found || !found.node) return
      const { node, width, height } = found
      const ratio = wx.getWindowInfo().pixelRatio
      node.width = width * ratio
      node.height = height * ratio
      const context = node.getContext('2d')
      context.scale(ratio, ratio)
      context.clearRect(0, 0, width, height)
      const { rows, payment } = this.data.plan
      const step = width / rows.length
      const bar = Math.max(2, step * 0.6)
      rows.forEach(({ principal, interest }, index) => {
        const x = index * step + (step - bar) / 2
        const low = (principal / payment) * (height - 8)
        const high = (interest / payment) * (height - 8)
        context.fillStyle = '#2f7bf0'
        context.fillRect(x, height - low, bar, low)
        context.fillStyle = '#f0a63a'
        context.fillRect(x, height - low - high, bar, high)
      })
    })
  },

  next() { wx.navigateTo({ url: '/loan/document/document' }) },
})
