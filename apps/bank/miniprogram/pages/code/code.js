const api = require('../../utils/api')
const page = require('../../utils/page')
const money = require('../../utils/money')
const { pick, t } = require('../../utils/i18n')

/** ms between looks for money that came in */
const PATIENCE = 3000

/** Of white around a QR code, in its modules (ISO/IEC 18004). */
const QUIET = 4

/** The code by which a shop is paid, and what has come in; new money is said as it comes. */
Page({
  behaviors: [page],
  data: { t: pick('shopCode', 'shopCodeText', 'incoming', 'noIncoming'), code: {}, lines: [], said: '' },

  onLoad({ id }) {
    this.id = id
    this.title('shopCode')
  },
  async onShow() {
    await this.refresh(this.data.state === 'ready')
    this.draw()
    this.timer = setInterval(() => this.look(), PATIENCE)
  },
  onHide() { clearInterval(this.timer) },
  onUnload() { clearInterval(this.timer) },
  onResize() { this.draw() },
  async onPullDownRefresh() {
    await this.refresh(true)
    this.draw()
  },

  async load() {
    const [code, lines] = await Promise.all([api.call('account.code.get', { id: this.id }), this.incoming()])
    this.setData({ code, lines })
  },

  async incoming() {
    const { items } = await api.call('account.transaction.list', { account: this.id, direction: 'in' })
    return items.slice(0, 10)
  },

  async look() {
    const { lines, state } = this.data
    if (state !== 'ready') return
    const found = await this.incoming().catch(() => lines)
    const known = new Set(lines.map(({ id }) => id))
    const [first] = found.filter(({ id }) => !known.has(id))
    if (first) this.setData({ lines: found, said: `${t('received')} ¥ ${money.format(first.amount)} · ${first.name}` })
  },

  draw() {
    wx.createSelectorQuery().select('#code').fields({ node: true, size: true }).exec(([found]) => {
      const { rows } = this.data.code
      if (!found || !found.node || !rows) return
      const { node, width } = found
      // whole pixels for each module: sharp edges are read more easily
      const each = Math.max(1, Math.floor((width * wx.getWindowInfo().pixelRatio) / (rows.length + 2 * QUIET)))
      const size = each * (rows.length + 2 * QUIET)
      node.width = size
      node.height = size
      const context = node.getContext('2d')
      context.fillStyle = '#ffffff'
      context.fillRect(0, 0, size, size)
      context.fillStyle = '#000000'
      rows.forEach((row, y) => [...row].forEach((module, x) => {
        if (module === '1') context.fillRect((x + QUIET) * each, (y + QUIET) * each, each, each)
      }))
    })
  },
})
