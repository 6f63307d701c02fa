/** eden.keyboard and `<input type="safe-password">`: the phone's secure keyboard, for one program. */
import { number, text } from './arguments'
import { fail, type Capability } from './types'

const WORD = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
const LINE = /^[^\u0000-\u001f\u007f]*$/
const LONGEST = 128

export const secureKeyboard: Capability = async ({ args, phone, program, emit, signal }) => {
  if (args.ask === true) return { available: Boolean(phone.typeSecurely) }
  if (!phone.typeSecurely) throw fail('the phone has no secure keyboard')
  const kind = text(args, 'kind', 'pin')
  const purpose = text(args, 'purpose', 'pay')
  const user = text(args, 'user', '')
  const bound = text(args, 'bound', '')
  const title = text(args, 'title', '')
  const length = number(args, 'length', 0)
  if (kind !== 'pin' && kind !== 'password') throw fail('kind is invalid')
  if (!WORD.test(purpose)) throw fail('purpose is invalid')
  if (!LINE.test(user) || user.length > 64) throw fail('user is invalid')
  if (!LINE.test(bound) || bound.length > LONGEST) throw fail('time-stamp or nonce is invalid')
  if (!Number.isInteger(length) || length < 0 || length > LONGEST) throw fail('length is invalid')
  return { ...await phone.typeSecurely({
    app: program.appId, program: program.name, kind, purpose, user, bound, length, title: title.slice(0, 80),
    shuffle: args.shuffle === true, hash: text(args, 'hash', '').slice(0, 1000), salt: text(args, 'salt', '').slice(0, LONGEST),
    signal, counted: (count) => emit('secureKeyboard', { id: args.id, count }),
  }) }
}
