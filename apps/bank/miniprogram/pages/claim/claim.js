const api = require('../../utils/api')
const money = require('../../utils/money')
const { pick, t, table } = require('../../utils/i18n')

const KINDS = ['glass', 'water', 'goods']

/** A small damage in the shop: what, how much, a photo of it. */
Page({
  data: {
    t: pick('damage', 'claimAmount', 'claimText', 'take', 'retake', 'photo', 'fileClaim'),
    kinds: table.damages, kind: 0, amount: '', photo: '', busy: false, problem: '', ready: false,
  },

  onLoad() { wx.setNavigationBarTitle({ title: t('claim') }) },

  choose({ detail }) { this.setData({ kind: Number(detail.value) }) },

  type({ detail }) {
    const amount = money.clean(detail.value)
    this.setData({ amount, ready: money.parse(amount) > 0 && Boolean(this.data.photo) })
    return amount
  },

  async take() {
    try {
      const { tempFiles } = await wx.chooseMedia({ count: 1, mediaType: ['image'], sourceType: ['camera', 'album'], sizeType: ['compressed'] })
      const photo = tempFiles[0].tempFilePath
      this.setData({ photo, problem: '', ready: money.parse(this.data.amount) > 0 })
    } catch (error) {
      if (!/cancel/.test(error.errMsg)) wx.showToast({ title: t('failed'), icon: 'none' })
    }
  },

  async file() {
    const { kind, amount, photo } = this.data
    this.key = this.key || api.newKey()
    this.setData({ busy: true, problem: '' })
    try {
      const picture = wx.getFileSystemManager().readFileSync(photo, 'base64')
      const { number, state } = await api.call('insurance.claim.create', { kind: KINDS[kind], amount: money.parse(amount), photo: picture }, this.key)
      wx.redirectTo({ url: `/pages/result/result?title=claim_${state}&text=${encodeURIComponent(number)}` })
    } catch (error) {
      if (error.code !== 'offline') this.key = undefined
      this.setData({ problem: error.message || t('failed') })
    } finally {
      this.setData({ busy: false })
    }
  },
})
