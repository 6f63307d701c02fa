const { baseUrl } = require('./config')
const { language, t } = require('./i18n')
const operations = require('./operations')

/** A failure to show: `code` is the bank's, or "offline". */
class ApiError extends Error {
  constructor(code, message) {
    super(message)
    this.code = code
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
  throw new ApiError(statusCode === 401 && code !== 'bad-sign-in' ? 'signed-out' : code, detail || t('failed'))
}

/** One key per attempt of a person; a repeated tap or a retry after a lost answer books once. */
const newKey = () => `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 12)}`

module.exports = { ApiError, call, newKey }
