const api = require('../../utils/api')
const page = require('../../utils/page')
const files = require('../../utils/pdf')
const months = require('../../utils/months')
const { language, pick, t } = require('../../utils/i18n')

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

/** Of which a statement is offered as a file. */
const MONTHS = 6

Page({
  behaviors: [page],
  data: {
    t: pick('bill', 'noMore', 'loading', 'search', 'searchHint', 'statementFile', 'shopCode', 'noTransactions', 'noMatch'),
    filters: [{ value: 'all', text: t('all') }, { value: 'in', text: t('income') }, { value: 'out', text: t('spending') }],
    direction: 'all', text: '', month: '', english: language === 'en', account: {}, days: [], next: null, fetchingFile: false,
  },
  items: [],
  fetching: false,

  /** Of one account or of all; of a month or from today on back. */
  onLoad({ id = '', month = '' }) {
    this.accountId = id
    this.setData({ month })
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
    const { direction, text, month } = this.data
    const { items, next } = await api.call('account.transaction.list', { account: this.accountId, direction, text, cursor, ...(month ? months.days(month) : {}) })
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

  /** A month's statement as a file: PDF is shown, CSV is saved where the person wants it. */
  async file() {
    try {
      const itemList = months.until(months.of(new Date()), MONTHS)
      const { tapIndex } = await wx.showActionSheet({ alertText: t('chooseMonth'), itemList })
      const forms = ['pdf', 'csv']
      const chosen = await wx.showActionSheet({ alertText: t('chooseForm'), itemList: ['PDF', 'CSV'] })
      this.setData({ fetchingFile: true })
      const form = forms[chosen.tapIndex]
      await files.show(await api.call('account.statement.get', { id: this.accountId, month: itemList[tapIndex], form }), form)
    } catch (error) {
      if (!/cancel/.test(error.errMsg || '')) wx.showToast({ title: error.message || t('failed'), icon: 'none' })
    } finally {
      this.setData({ fetchingFile: false })
    }
  },

  bill() { wx.navigateTo({ url: '/pages/bill/bill' }) },
  code() { wx.navigateTo({ url: `/pages/code/code?id=${this.accountId}` }) },

  search({ detail }) {
    this.setData({ text: detail.value.trim() })
    this.refresh(true)
  },

  filter({ currentTarget }) {
    this.setData({ direction: currentTarget.dataset.value })
    this.refresh(true)
  },
})
