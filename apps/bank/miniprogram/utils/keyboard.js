/**
 * The phone's secure keyboard (`eden.keyboard`): what is typed on it is sealed for the bank's platform, and is not in this
 * program. Hosts without one have plain fields and no PIN.
 */
const { t } = require('./i18n')

let known

/** @returns {Promise<boolean>} whether the phone has one */
function isThere() {
  known = known || (typeof eden !== 'undefined' && eden.keyboard && eden.keyboard.isAvailable
    ? eden.keyboard.isAvailable().then(({ available }) => available, () => false)
    : Promise.resolve(false))
  return known
}

/**
 * Ask for the payment PIN, for one thing only.
 * @param {string} user the customer's id
 * @param {string} title what is to be paid, as the person reads it on the keyboard
 * @param {string} bound what the bank will look for: `ACCOUNT RECEIVER AMOUNT KEY`
 * @returns {Promise<string>} sealed; '' when the person left
 */
async function askPin(user, title, bound) {
  try {
    const { encryptedValue } = await eden.keyboard.open({ kind: 'pin', purpose: 'pay', length: 6, shuffle: true, user, title, bound })
    return encryptedValue
  } catch (error) {
    if (/:fail cancel/.test(error.errMsg)) return ''
    throw new Error(t('noKeyboard'))
  }
}

module.exports = { isThere, askPin }
