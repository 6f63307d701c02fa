/** What the pages share: one layer open at a time, and the values of fields by name. */
module.exports = Behavior({
  data: { shown: '', values: {} },
  methods: {
    show(event) {
      this.setData({ shown: event.currentTarget.dataset.name })
    },
    hide() {
      this.setData({ shown: '' })
    },
    change(event) {
      const { detail } = event
      const value = detail && typeof detail === 'object' && 'value' in detail ? detail.value : detail
      this.setData({ [`values.${event.currentTarget.dataset.field}`]: value })
    },
  },
})
