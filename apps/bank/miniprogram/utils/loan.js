/**
 * Equal instalments (annuity), monthly: payment = P·r / (1 − (1+r)^−n), r = yearly rate / 12, rounded to the cent.
 * Interest of a month is the remaining principal times r, rounded; the last instalment takes what rounding left.
 * @param {number} principal cents
 * @param {number} rateBp yearly rate in basis points (480 is 4.80 %)
 * @param {number} months number of instalments
 */
function schedule(principal, rateBp, months) {
  const rate = rateBp / 10000 / 12
  const payment = Math.round(rate === 0 ? principal / months : (principal * rate) / (1 - (1 + rate) ** -months))
  const rows = []
  let rest = principal
  for (let month = 1; month <= months; month += 1) {
    const interest = Math.round(rest * rate)
    const part = month === months ? rest : payment - interest
    rest -= part
    rows.push({ month, payment: part + interest, principal: part, interest, rest })
  }
  const interest = rows.reduce((sum, row) => sum + row.interest, 0)
  return { payment, rows, interest, total: principal + interest }
}

module.exports = { schedule }
