const api = require('../../utils/api')
const page = require('../../utils/page')
const { pick, t } = require('../../utils/i18n')

/** Transactions → days, in order, with the day's sum. */
function byDay(items) {
  const days = []
  for (const item of items) {
    const day = item.time.slice(0, 10)
    if (!days.length || days[days.length - 1].day !== day) days.push({ day, sum: 0, items: [] })
    const group = days[days.length - 1]
    group.items.push(item)
    group.sum += item.amount
  }
  return days
}

Page({
  behaviors: [page],
  data: {
    t: pick('noMore', 'loading', 'search', 'searchHint'),
    filters: [{ value: 'all', text: t('all') }, { value: 'in', text: t('income') }, { value: 'out', text: t('spending') }],
    direction: 'all', text: '', account: {}, days: [], next: null,
  },
  items: [],
  fetching: false,

  onLoad({ id = '' }) {
    this.accountId = id
    this.title('bills')
    this.refresh()
  },
  onPullDownRefresh() { this.refresh(true) },

  async load() {
    if (this.accountId) {
      const { accounts } = await api.call('account.overview.get')
      this.setData({ account: accounts.find(({ id }) => id === this.accountId) || {} })
    }
    this.items = []
    await this.fetchPage('')
  },

  async fetchPage(cursor) {
    const { direction, text } = this.data
    const { items, next } = await api.call('account.transaction.list', { account: this.accountId, direction, text, cursor })
    this.items = this.items.concat(items)
    this.setData({ days: byDay(this.items), next })
  },

  async onReachBottom() {
    const { next } = this.data
    if (next === null || this.fetching) return
    this.fetching = true
    try {
      await this.fetchPage(next)
    } catch (error) {
      wx.showToast({ title: error.message, icon: 'none' })
    } finally {
      this.fetching = false
    }
  },

  search({ detail }) {
    this.setData({ text: detail.value.trim() })
    this.refresh(true)
  },

  filter({ currentTarget }) {
    this.setData({ direction: currentTarget.dataset.value })
    this.refresh(true)
  },
})
