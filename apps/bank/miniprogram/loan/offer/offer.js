const api = require('../../utils/api')
const page = require('../../utils/page')
const pdf = require('../../utils/pdf')
const { pick, t, table } = require('../../utils/i18n')
const application = require('../application')

/** Not before these may an application be withdrawn, and after none of them. */
const OPEN = ['draft', 'received', 'referred', 'offered']

/** An application: what became of it, the bank's offer, and the contract that makes a loan of it. */
Page({
  behaviors: [page],
  data: {
    t: pick('number', 'product', 'state', 'loanAmount', 'offered', 'term', 'months', 'rate', 'apr', 'monthly', 'interest', 'contract', 'readContract', 'sign', 'backHome', 'goOn', 'withdrawApplication'),
    application: {}, status: '', open: false, agreed: false, busy: false, problem: '',
  },

  onLoad({ id }) {
    this.id = id
    this.title('application')
    this.refresh()
  },
  onPullDownRefresh() { this.refresh(true) },

  async load() { this.show(await api.call('credit.application.get', { id: this.id })) },

  show(found) {
    this.setData({ application: found, status: table.states[found.state], open: OPEN.includes(found.state) })
  },

  agree({ detail }) { this.setData({ agreed: detail.value.includes('yes') }) },

  /** What is signed is what was read: its hash goes along. */
  async draft() {
    if (!this.read) this.read = await api.call('credit.contract.draft', { id: this.id })
    return this.read
  },

  async readContract() {
    this.setData({ problem: '' })
    try {
      await pdf.show(await this.draft())
    } catch (error) {
      this.setData({ problem: error.message || t('failed') })
    }
  },

  async sign() {
    this.setData({ busy: true, problem: '' })
    try {
      const { sha256 } = await this.draft()
      await api.call('credit.contract.sign', { id: this.id, agreed: this.data.agreed, sha256 })
      wx.redirectTo({ url: `/loan/loan/loan?id=${this.id}` })
    } catch (error) {
      if (error.code === 'contract-changed') this.read = undefined
      this.setData({ problem: error.message })
    } finally {
      this.setData({ busy: false })
    }
  },

  async withdraw() {
    const { confirm } = await wx.showModal({ title: t('withdrawApplication'), content: t('withdrawApplicationAsk'), confirmText: t('confirmShort'), cancelText: t('cancel') })
    if (!confirm) return
    try {
      this.show(await api.call('credit.application.withdraw', { id: this.id }))
    } catch (error) {
      this.setData({ problem: error.message })
    }
  },

  /** A draft: papers that an officer wants again, or the code once more. */
  goOn() {
    const { amount } = this.data.application
    application.reset()
    wx.navigateTo({ url: amount ? `/loan/document/document?id=${this.id}` : '/loan/entry/entry' })
  },

  home() { wx.switchTab({ url: '/pages/home/home' }) },
})
