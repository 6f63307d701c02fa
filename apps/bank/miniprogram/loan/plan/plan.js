const api = require('../../utils/api')
const { pick, t } = require('../../utils/i18n')
const application = require('../application')

/** Milliseconds without a move of the slider until the bank is asked. */
const SLIDING = 150

Page({
  data: {
    t: pick('rate', 'loanAmount', 'term', 'months', 'monthly', 'interest', 'schedule', 'month', 'monthEnd', 'principal', 'interestPart', 'next'),
    product: {}, terms: [], amount: 0, term: 0, plan: null, error: '',
  },

  onLoad() {
    wx.setNavigationBarTitle({ title: t('plan') })
    const { product, terms, amount, term } = application.get()
    // who came by a link has no code yet
    if (!product) return wx.redirectTo({ url: '/loan/entry/entry' })
    this.setData({ product, terms, amount, term })
    this.replan()
  },
  onReady() { this.draw() },
  onResize() { this.draw() },

  slide({ detail }) {
    this.setData({ amount: detail.value * 100000 })
    clearTimeout(this.waiting)
    this.waiting = setTimeout(() => this.replan(), SLIDING)
  },

  choose({ currentTarget }) {
    this.setData({ term: currentTarget.dataset.term })
    this.replan()
  },

  /** The bank knows how the product is repaid and how its days count; of several answers the last question's counts. */
  async replan() {
    const { amount, term } = this.data
    application.set({ amount, term })
    const asked = this.asked = (this.asked || 0) + 1
    let found
    try {
      found = { plan: await api.call('credit.product.plan', { code: application.get().code, amount, term }), error: '' }
    } catch (error) {
      found = { plan: null, error: error.message }
    }
    if (asked !== this.asked) return
    application.set({ plan: found.plan })
    this.setData(found)
    this.draw()
  },

  /** One bar an instalment: principal below, interest above. */
  draw() {
    if (!this.data.plan) return
    wx.createSelectorQuery().select('#chart').fields({ node: true, size: true }).exec(([found]) => {
      if (!found || !found.node) return
      const { node, width, height } = found
      const ratio = wx.getWindowInfo().pixelRatio
      node.width = width * ratio
      node.height = height * ratio
      const context = node.getContext('2d')
      context.scale(ratio, ratio)
      context.clearRect(0, 0, width, height)
      const rows = this.data.plan.schedule
      const highest = Math.max(...rows.map(({ principal, interest }) => principal + interest))
      const step = width / rows.length
      const bar = Math.max(2, step * 0.6)
      rows.forEach(({ principal, interest }, index) => {
        const x = index * step + (step - bar) / 2
        const low = (principal / highest) * (height - 8)
        const high = (interest / highest) * (height - 8)
        context.fillStyle = '#2f7bf0'
        context.fillRect(x, height - low, bar, low)
        context.fillStyle = '#f0a63a'
        context.fillRect(x, height - low - high, bar, high)
      })
    })
  },

  next() { wx.navigateTo({ url: '/loan/document/document' }) },
})
