const api = require('../../utils/api')
const page = require('../../utils/page')
const { pick, table } = require('../../utils/i18n')

/** Applications that are on their way, and loans. */
Page({
  behaviors: [page],
  data: { t: pick('owed', 'loanAmount', 'noLoans', 'scan', 'overdueFor', 'days', 'nextDue'), applications: [], loans: [], states: table.states },

  onLoad() { this.title('loans') },
  onShow() { this.refresh(this.data.state === 'ready') },
  onPullDownRefresh() { this.refresh(true) },

  async load() {
    const [applications, loans] = await Promise.all([api.call('credit.application.list'), api.call('credit.loan.list')])
    this.setData({ applications: applications.items.filter(({ state }) => state !== 'paid'), loans: loans.items })
  },

  open({ currentTarget }) { wx.navigateTo({ url: currentTarget.dataset.url }) },
})
