const api = require('../../utils/api')
const money = require('../../utils/money')
const { pick, t, table } = require('../../utils/i18n')

const KINDS = ['glass', 'water', 'goods']

/** bytes of a film that the bank takes */
const MOST_FILM = 5500000

/** A small damage in the shop: what, how much, a photo or a film of it. */
Page({
  data: {
    t: pick('damage', 'claimAmount', 'claimText', 'take', 'retake', 'photo', 'fileClaim'),
    kinds: table.damages, kind: 0, amount: '', photo: '', isFilm: false, busy: false, problem: '', ready: false,
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
      const { tempFiles } = await wx.chooseMedia({ count: 1, mediaType: ['image', 'video'], maxDuration: 30, sourceType: ['camera', 'album'], sizeType: ['compressed'] })
      const { tempFilePath: photo, fileType, size } = tempFiles[0]
      const isFilm = fileType === 'video'
      if (isFilm && size > MOST_FILM) {
        this.setData({ problem: t('filmTooLarge') })
        return
      }
      this.setData({ photo, isFilm, problem: '', ready: money.parse(this.data.amount) > 0 })
    } catch (error) {
      if (!/cancel/.test(error.errMsg)) wx.showToast({ title: t('failed'), icon: 'none' })
    }
  },

  async file() {
    const { kind, amount, photo, isFilm } = this.data
    this.key = this.key || api.newKey()
    this.setData({ busy: true, problem: '' })
    try {
      const picture = wx.getFileSystemManager().readFileSync(photo, 'base64')
      const { number, state } = await api.call('insurance.claim.create', { kind: KINDS[kind], amount: money.parse(amount), [isFilm ? 'film' : 'photo']: picture }, this.key)
      wx.redirectTo({ url: `/pages/result/result?title=claim_${state}&text=${encodeURIComponent(number)}` })
    } catch (error) {
      if (!error.isUnknown) this.key = undefined
      this.setData({ problem: error.message || t('failed') })
    } finally {
      this.setData({ busy: false })
    }
  },
})
