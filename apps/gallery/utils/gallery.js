/** What the pages share: one layer open at a time, the values of fields by name, and dates to pick from. */
module.exports = Behavior({
  data: {
    shown: '',
    values: {},
    today: new Date(2026, 10, 22).getTime(),
    min: new Date(2026, 10, 1).getTime(),
    max: new Date(2026, 11, 31).getTime(),
  },
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
