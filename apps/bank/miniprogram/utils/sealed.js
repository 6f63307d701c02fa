const { t } = require('./i18n')

/**
 * Fields of the secure keyboard on a page: `data-name` says which. What they seal is kept beside the page's data, and is
 * good once: `forget()` after each attempt.
 */
module.exports = Behavior({
  data: { stars: {}, error: '', busy: false },
  methods: {
    counted({ detail, currentTarget }) { this.setData({ [`stars.${currentTarget.dataset.name}`]: detail.value }) },
    typed({ detail, currentTarget }) {
      this.sealed = { ...this.sealed, [currentTarget.dataset.name]: detail.encryptedValue }
      this.setData({ error: detail.encryptError && detail.encryptError !== 'cancel' ? t('noKeyboard') : '' })
    },
    forget() {
      this.sealed = {}
      this.setData({ stars: {} })
    },
    /** Whether all of these have been typed; else the person is told. */
    isComplete(names) {
      const complete = names.every((name) => this.sealed && this.sealed[name])
      if (!complete) this.setData({ error: t('allFields') })
      return complete
    },
    /** Do something with what was typed, and say what came of it. */
    async attempt(work) {
      this.setData({ busy: true, error: '' })
      try {
        await work()
      } catch (error) {
        this.setData({ error: error.message || t('failed') })
      } finally {
        this.forget()
        this.setData({ busy: false })
      }
    },
  },
})
