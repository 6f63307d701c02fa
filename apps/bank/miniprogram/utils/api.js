const { baseUrl } = require('./config')
const { t } = require('./i18n')

/** A failure to show: `code` is the service's, or "offline". */
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

function send(method, path, data, header) {
  return new Promise((resolve, reject) => {
    wx.request({
      url: baseUrl + path,
      method,
      data,
      header: { authorization: `Bearer ${wx.getStorageSync('token')}`, ...header },
      success({ statusCode, data: answer }) {
        if (statusCode >= 200 && statusCode < 300) return resolve(answer)
        if (statusCode === 401) signedOut()
        reject(new ApiError((answer && answer.code) || 'failed', (answer && answer.message) || t('failed')))
      },
      fail: () => reject(new ApiError('offline', t('offline'))),
    })
  })
}

/** One key per attempt of a person; a repeated tap or a retry after a lost answer books once. */
const newKey = () => `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 12)}`

module.exports = {
  ApiError,
  newKey,
  get: (path, query) => send('GET', path, query),
  post: (path, body, key) => send('POST', path, body, { 'content-type': 'application/json', ...(key ? { 'idempotency-key': key } : {}) }),
}
