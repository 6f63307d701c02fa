const api = require('../../utils/api')
const { pick, t } = require('../../utils/i18n')

/** Withdrawing from a loan's contract, as long as that may be done. Says `done` when it was. */
Component({
  properties: { loan: String },
  data: { t: pick('callOff', 'callOffUntil'), until: '', problem: '', busy: false },
  observers: {
    loan(id) { if (id) this.look(id) },
  },
  methods: {
    async look(id) {
      try {
        const { cooling_off } = await api.call('credit.application.get', { id })
        this.setData({ until: cooling_off })
      } catch (error) {
        // the page says what is wrong; without an answer nothing can be withdrawn from
        this.setData({ until: '' })
      }
    },

    async callOff() {
      const { confirm } = await wx.showModal({ title: t('callOff'), content: t('callOffAsk'), confirmText: t('confirmShort'), cancelText: t('cancel') })
      if (!confirm) return
      this.key = this.key || api.newKey()
      this.setData({ busy: true, problem: '' })
      try {
        await api.call('credit.contract.withdraw', { id: this.data.loan }, this.key)
        this.setData({ until: '' })
        wx.showToast({ title: t('calledOff') })
        this.triggerEvent('done')
      } catch (error) {
        if (!error.isUnknown) this.key = undefined
        this.setData({ problem: error.message })
      } finally {
        this.setData({ busy: false })
      }
    },
  },
})
