const api = require('../../utils/api')
const { pick, t } = require('../../utils/i18n')

/** Somebody to transfer to, here or at another bank. Who opened this page hears of it: `added`, with the payee's id. */
Page({
  data: { t: pick('fullName', 'accountNumber', 'accountNumberHint', 'bankName', 'bankHint', 'save'), name: '', number: '', bank: '', busy: false, error: '' },

  onLoad() { wx.setNavigationBarTitle({ title: t('addPayee') }) },

  async save() {
    const { name, bank, busy } = this.data
    const number = this.data.number.replace(/\s/g, '')
    if (busy) return
    if (!name.trim() || !/^\d{12,24}$/.test(number)) return this.setData({ error: t('badPayee') })
    this.setData({ busy: true, error: '' })
    try {
      const { id } = await api.call('payment.payee.add', { name: name.trim(), number, bank: bank.trim() })
      this.getOpenerEventChannel().emit('added', id)
      await wx.navigateBack()
      wx.showToast({ title: t('payeeAdded') })
    } catch (error) {
      this.setData({ error: error.message || t('failed') })
    } finally {
      this.setData({ busy: false })
    }
  },
})
