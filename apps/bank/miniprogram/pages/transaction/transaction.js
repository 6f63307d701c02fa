const api = require('../../utils/api')
const page = require('../../utils/page')
const { pick, table } = require('../../utils/i18n')

Page({
  behaviors: [page],
  data: { t: pick('kind', 'time', 'account', 'after', 'number', 'remark', 'status'), tx: {}, kind: '', status: '' },
  onLoad({ id }) {
    this.id = id
    this.title('detail')
    this.refresh()
  },
  async load() {
    const tx = await api.call('account.transaction.get', { id: this.id })
    this.setData({ tx, kind: table.kinds[tx.kind] || tx.kind, status: table.states[tx.state] })
  },
})
