const { table } = require('../../utils/i18n')

Component({
  properties: { tx: { type: Object, value: {} }, hide: Boolean },
  data: { letter: '', kind: '' },
  observers: {
    tx({ name = '', kind = '' }) { this.setData({ letter: name.slice(0, 1), kind: table.kinds[kind] || kind }) },
  },
  methods: { open() { wx.navigateTo({ url: `/pages/transaction/transaction?id=${this.data.tx.id}` }) } },
})
