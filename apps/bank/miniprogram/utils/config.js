/** Where the bank is. The simulator answers this name itself; a real bank puts its own here. */
module.exports = { baseUrl: 'https://bank.eden.local/api/bank' }
