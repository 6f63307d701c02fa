/** Amounts are integer cents. */

/** 123456 → "1,234.56" */
function format(cents) {
  const sign = cents < 0 ? '-' : ''
  const [whole, part] = (Math.abs(cents) / 100).toFixed(2).split('.')
  return `${sign}${whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',')}.${part}`
}

/** 100000 → "1,000": for limits, which are whole yuan mostly */
const round = (cents) => format(cents).replace(/\.00$/, '')

/** What a person types → cents; NaN for what is no amount. Never through floating point. */
function parse(text) {
  const match = /^(\d{1,9})(?:\.(\d{0,2}))?$/.exec(String(text).replace(/,/g, ''))
  return match ? Number(match[1]) * 100 + Number((match[2] || '').padEnd(2, '0')) : NaN
}

/** Keeps an amount field to digits, one point and two decimals. */
function clean(text) {
  const [whole, ...rest] = String(text).replace(/[^\d.]/g, '').split('.')
  const head = whole.replace(/^0+(?=\d)/, '').slice(0, 9)
  return rest.length ? `${head || '0'}.${rest.join('').slice(0, 2)}` : head
}

module.exports = { format, round, parse, clean }
