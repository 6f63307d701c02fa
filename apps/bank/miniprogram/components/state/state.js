const { pick } = require('../../utils/i18n')

/** What stands where content will be: bones while loading, an error with a retry, or that there is nothing: `words` say what to do then. */
Component({
  properties: { state: { type: String, value: 'loading' }, error: String, empty: Boolean, words: String },
  data: { texts: pick('loading', 'retry', 'empty') },
  methods: { retry() { this.triggerEvent('retry') } },
})
