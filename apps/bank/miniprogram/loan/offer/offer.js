const api = require('../../utils/api')
const page = require('../../utils/page')
const { pick, t, table } = require('../../utils/i18n')

/** An application: what became of it, the bank's offer, and the contract that makes a loan of it. */
Page({
  behaviors: [page],
  data: {
    t: pick('number', 'product', 'state', 'loanAmount', 'offered', 'term', 'months', 'rate', 'apr', 'monthly', 'interest', 'contract', 'sign', 'backHome'),
    application: {}, status: '', agreed: false, busy: false, problem: '',
  },

  onLoad({ id }) {
    this.id = id
    this.title('application')
    this.refresh()
  },
  onPullDownRefresh() { this.refresh(true) },

  async load() {
    const application = await api.call('credit.application.get', { id: this.id })
    this.setData({ application, status: table.states[application.state] })
  },

  agree({ detail }) { this.setData({ agreed: detail.value.includes('yes') }) },

  async sign() {
    this.setData({ busy: true, problem: '' })
    try {
      await api.call('credit.contract.sign', { id: this.id, agreed: this.data.agreed })
      wx.redirectTo({ url: `/loan/loan/loan?id=${this.id}` })
    } catch (error) {
      this.setData({ problem: error.message })
    } finally {
      this.setData({ busy: false })
    }
  },

  home() { wx.switchTab({ url: '/pages/home/home' }) },
})
