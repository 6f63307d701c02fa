const { baseUrl } = require('./config')
const { language, t } = require('./i18n')
const operations = require('./operations')

/**
 * A failure to show: `code` is the bank's, the gateway's, or "offline". `isUnknown`: it may have been done all the same, so
 * the same attempt goes again with the same key.
 */
class ApiError extends Error {
  constructor(code, message, status = 0) {
    super(message)
    this.code = code
    this.isUnknown = status === 0 || status >= 500
  }
}

let signingOut = false
function signedOut() {
  wx.removeStorageSync('token')
  if (signingOut) return
  signingOut = true
  wx.reLaunch({ url: '/pages/login/login', complete: () => { signingOut = false } })
}

/** A host without a gateway says so once; hosts that know no gateways have no `eden.rpc`. */
let gateway = typeof eden !== 'undefined' && typeof eden.rpc === 'function'

/** Through the phone's gateway, which signs and encrypts. Resolves to null where there is none. */
function throughGateway(operation, method, data, header) {
  const given = method === 'GET' || method === 'DELETE' ? { query: data } : { query: pathOf(operation, data), data }
  return new Promise((resolve) => {
    eden.rpc({
      operationType: `eden.bank.${operation}`, method, headers: header, ...given,
      success: resolve,
      fail: (error) => resolve(/no gateway/.test(error.errMsg) ? null : error),
    })
  })
}

/** What of the data stands in the operation's path. */
const pathOf = (operation, data) =>
  Object.fromEntries([...operations[operation][1].matchAll(/\{(\w+)\}/g)].map(([, name]) => [name, data[name]]))

function directly(operation, method, data, header) {
  const rest = { ...data }
  const path = operations[operation][1].replace(/\{(\w+)\}/g, (_, name) => {
    const value = encodeURIComponent(rest[name])
    delete rest[name]
    return value
  })
  return new Promise((resolve) => {
    wx.request({ url: baseUrl + path, method, data: method === 'DELETE' ? undefined : rest, header, success: resolve, fail: resolve })
  })
}

/**
 * Call an operation with its data; path variables are in it by their names.
 * @param {string} operation its name after `eden.bank.`
 * @param {object} [data]
 * @param {string} [key] of an attempt, so that the same one again is done once
 */
async function call(operation, data = {}, key) {
  const [method] = operations[operation]
  const header = {
    authorization: `Bearer ${wx.getStorageSync('token')}`, 'accept-language': language,
    ...(method === 'POST' || method === 'PUT' ? { 'content-type': 'application/json' } : {}), ...(key ? { 'idempotency-key': key } : {}),
  }
  let answer = gateway ? await throughGateway(operation, method, data, header) : null
  if (!answer) {
    gateway = false
    answer = await directly(operation, method, data, header)
  }
  const { statusCode, data: found } = answer
  if (statusCode >= 200 && statusCode < 300) return found
  if (!statusCode) throw new ApiError('offline', t('offline'))
  const { code = 'failed', detail } = found || {}
  if (statusCode === 401 && code !== 'bad-sign-in') signedOut()
  // what the gateway itself says to a person is in its tips
  const said = answer.tips || detail || t('failed')
  throw new ApiError(statusCode === 401 && code !== 'bad-sign-in' ? 'signed-out' : code, said, statusCode)
}

/**
 * One key per attempt of a person; a repeated tap or a retry after a lost answer books once. A UUID of version 7.
 * @param {number} [at] its time, ms: the bank's own where it matters
 */
function newKey(at = Date.now()) {
  const time = at.toString(16).padStart(12, '0')
  const drawn = Array.from({ length: 18 }, () => Math.floor(Math.random() * 16).toString(16)).join('')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${drawn.slice(0, 3)}-8${drawn.slice(3, 6)}-${drawn.slice(6)}`
}

module.exports = { ApiError, call, newKey }
