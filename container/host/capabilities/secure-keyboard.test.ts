import { describe, expect, it, vi } from 'vitest'
import { secureKeyboard } from './secure-keyboard'
import { FakeFrame, failure } from './testing/fake-call'

const frame = () => {
  const typeSecurely = vi.fn(async (_: object) => ({ encryptedValue: 'EK1.a.b', count: 6 }))
  return { typeSecurely, asked: new FakeFrame({ phone: { typeSecurely } as never }) }
}

describe('secureKeyboard', () => {
  it('asks the phone for the program', async () => {
    const { typeSecurely, asked } = frame()
    const ask = { kind: 'password', purpose: 'sign-in', user: 'anna', hash: 'md5(password)', salt: 's', shuffle: true }
    expect(await asked.ask(secureKeyboard, ask)).toEqual({ encryptedValue: 'EK1.a.b', count: 6 })
    expect(typeSecurely.mock.calls[0]![0]).toMatchObject({ ...ask, app: 'wxtest', length: 0, bound: '' })
    expect(await asked.ask(secureKeyboard, { ask: true })).toEqual({ available: true })
    expect(await new FakeFrame().ask(secureKeyboard, { ask: true })).toEqual({ available: false })
  })

  it.each([
    ['kind is invalid', { kind: 'other' }],
    ['purpose is invalid', { purpose: 'a b' }],
    ['user is invalid', { user: 'a\nb' }],
    ['time-stamp or nonce is invalid', { bound: 'x'.repeat(129) }],
    ['length is invalid', { length: 1.5 }],
    // cut off they would give another digest than the service's
    ['custom-hash is too long', { kind: 'password', hash: `md5(password + '${'x'.repeat(1000)}')` }],
    ['salt is too long', { kind: 'password', salt: 'x'.repeat(129) }],
    ['custom-hash and salt are of passwords only', { hash: 'md5(password)' }],
    ['custom-hash and salt are of passwords only', { kind: 'pin', salt: 's' }],
  ])('says that %s', async (reason, args) => {
    const { typeSecurely, asked } = frame()
    expect((await failure(asked.ask(secureKeyboard, args))).reason).toBe(reason)
    expect(typeSecurely).not.toHaveBeenCalled()
  })
})
