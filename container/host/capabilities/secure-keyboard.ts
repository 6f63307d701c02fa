/** eden.keyboard and `<input type="safe-password">`: the phone's secure keyboard, for one program. */
import { number, text } from './arguments'
import { fail, type Capability } from './types'

const WORD = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
const LINE = /^[^\u0000-\u001f\u007f]*$/
const LONGEST = 128
const LONGEST_HASH = 1000

export const secureKeyboard: Capability = async ({ args, phone, program, emit, signal }) => {
  if (args.ask === true) return { available: Boolean(phone.typeSecurely) }
  if (!phone.typeSecurely) throw fail('the phone has no secure keyboard')
  const kind = text(args, 'kind', 'pin')
  const purpose = text(args, 'purpose', 'pay')
  const user = text(args, 'user', '')
  const bound = text(args, 'bound', '')
  const title = text(args, 'title', '')
  const length = number(args, 'length', 0)
  const hash = text(args, 'hash', '')
  const salt = text(args, 'salt', '')
  if (kind !== 'pin' && kind !== 'password') throw fail('kind is invalid')
  if (!WORD.test(purpose)) throw fail('purpose is invalid')
  if (!LINE.test(user) || user.length > 64) throw fail('user is invalid')
  if (!LINE.test(bound) || bound.length > LONGEST) throw fail('time-stamp or nonce is invalid')
  if (!Number.isInteger(length) || length < 0 || length > LONGEST) throw fail('length is invalid')
  if (hash.length > LONGEST_HASH) throw fail('custom-hash is too long')
  if (salt.length > LONGEST) throw fail('salt is too long')
  // the server takes no digest for a PIN, whose block needs its digits
  if (kind === 'pin' && (hash || salt)) throw fail('custom-hash and salt are of passwords only')
  return { ...await phone.typeSecurely({
    app: program.appId, program: program.name, kind, purpose, user, bound, length, title: title.slice(0, 80),
    shuffle: args.shuffle === true, hash, salt, signal, counted: (count) => emit('secureKeyboard', { id: args.id, count }),
  }) }
}
