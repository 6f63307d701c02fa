const { table } = require('../../utils/i18n')

/** A line of a statement. `dated`: its day stands above it. */
Component({
  properties: { tx: { type: Object, value: {} }, hide: Boolean, dated: Boolean },
  data: { letter: '', kind: '' },
  observers: {
    tx({ name = '', kind = '' }) { this.setData({ letter: name.slice(0, 1), kind: table.kinds[kind] || kind }) },
  },
  methods: { open() { wx.navigateTo({ url: `/pages/transaction/transaction?id=${this.data.tx.id}` }) } },
})
