/** What the person has entered so far, and what the bank says it would take; the steps share it. `id` is of the application once it has been begun. */
const empty = () => ({ id: '', key: '', code: '', product: null, terms: [], amount: 0, term: 12, plan: null })

let current = empty()

module.exports = {
  get: () => current,
  set(fields) { Object.assign(current, fields) },
  reset() { current = empty() },
}
