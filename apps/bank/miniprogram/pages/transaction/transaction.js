const api = require('../../utils/api')
const page = require('../../utils/page')
const files = require('../../utils/pdf')
const { pick, t, table } = require('../../utils/i18n')

Page({
  behaviors: [page],
  data: { t: pick('kind', 'time', 'account', 'after', 'number', 'remark', 'status', 'proof', 'proofText'), tx: {}, kind: '', status: '', fetching: false },
  onLoad({ id }) {
    this.id = id
    this.title('detail')
    this.refresh()
  },
  async load() {
    const tx = await api.call('account.transaction.get', { id: this.id })
    this.setData({ tx, kind: table.kinds[tx.kind] || tx.kind, status: table.states[tx.state] })
  },

  /** The transaction's receipt, saved where the person wants it. */
  async proof() {
    this.setData({ fetching: true })
    try {
      await files.show(await api.call('account.receipt.get', { id: this.id }), 'json')
    } catch (error) {
      if (!/cancel/.test(error.errMsg || '')) wx.showToast({ title: error.message || t('failed'), icon: 'none' })
    } finally {
      this.setData({ fetching: false })
    }
  },
})
