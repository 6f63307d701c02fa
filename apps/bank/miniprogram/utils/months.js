/** Months as texts: 2026-11. */

const of = (date) => `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, '0')}`

/** So many months earlier (below zero: later). */
function back(month, count) {
  const [year, number] = month.split('-').map(Number)
  const whole = year * 12 + number - 1 - count
  return `${Math.floor(whole / 12)}-${String((whole % 12) + 1).padStart(2, '0')}`
}

/** This month and those before it, the newest first. */
const until = (month, count) => Array.from({ length: count }, (_, index) => back(month, index))

/** Its first and its last day: 2026-02-01, 2026-02-28. */
function days(month) {
  const [year, number] = month.split('-').map(Number)
  return { since: `${month}-01`, until: `${month}-${new Date(year, number, 0).getDate()}` }
}

module.exports = { of, back, until, days }
