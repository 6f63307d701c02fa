/** What the person has entered so far; the four steps share it. */
const empty = () => ({ code: '', product: null, terms: [], amount: 0, term: 12, document: null })

let current = empty()

module.exports = {
  get: () => current,
  set(fields) { Object.assign(current, fields) },
  reset() { current = empty() },
}
