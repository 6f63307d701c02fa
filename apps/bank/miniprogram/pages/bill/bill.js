const api = require('../../utils/api')
const page = require('../../utils/page')
const months = require('../../utils/months')
const { fill, pick, table } = require('../../utils/i18n')

/** Months side by side. */
const COUNT = 6

/** Of a bar, in percent: what is there at all is seen. */
const size = (amount, whole) => (amount ? Math.max(1, (amount * 100) / whole) : 0)

/** Months side by side: what came in and went out; of one of them, what for. */
Page({
  behaviors: [page],
  data: {
    t: pick('income', 'spending', 'left', 'byKind', 'earlier', 'later', 'noSpending', 'monthLines'),
    bars: [], month: '', bill: null, kinds: [], first: false,
  },
  onLoad() {
    /** by their months */
    this.bills = {}
    this.title('bill')
    this.refresh()
  },
  onPullDownRefresh() {
    this.bills = {}
    this.refresh(true)
  },

  /** The bank says which month it is, whatever this clock says. */
  async load() {
    if (!this.now || !this.bills[this.now]) {
      const bill = await api.call('account.bill.get', { month: 'now' })
      this.now = bill.month
      this.bills[bill.month] = bill
    }
    await this.show(this.last || this.now, this.data.month || this.now)
  },

  /** The months until `last`, one of them in full. */
  async show(last, month) {
    const shown = months.until(last, COUNT)
    const missing = shown.filter((one) => !this.bills[one])
    const found = await Promise.all(missing.map((one) => api.call('account.bill.get', { month: one })))
    for (const bill of found) this.bills[bill.month] = bill
    this.last = last
    const bills = shown.map((one) => this.bills[one]).reverse()
    const highest = Math.max(...bills.map(({ income, spending }) => Math.max(income, spending)))
    this.setData({
      first: last === this.now,
      bars: bills.map((bill) => ({ ...bill, label: bill.month.slice(2).replace('-', '/'), in: size(bill.income, highest), out: size(bill.spending, highest) })),
    })
    this.choose(month)
  },

  choose(month) {
    const bill = this.bills[month]
    const kinds = bill.kinds.map(({ kind, amount, count }) => ({
      kind, amount, width: size(amount, bill.spending), percent: `${Math.round((amount * 100) / bill.spending) || '<1'}%`,
      name: table.kinds[kind] || kind, times: fill('times', { count }),
    }))
    this.setData({ month, bill, kinds })
  },

  tap({ currentTarget }) { this.choose(currentTarget.dataset.month) },

  earlier() { this.turn(COUNT) },
  later() { this.turn(-COUNT) },

  async turn(count) {
    const last = months.back(this.last, count)
    try {
      await this.show(last, last)
    } catch (error) {
      wx.showToast({ title: error.message, icon: 'none' })
    }
  },

  lines() { wx.navigateTo({ url: `/pages/account/account?month=${this.data.month}` }) },
})
