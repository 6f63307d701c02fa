import { describe, expect, it } from 'vitest'
import vectors from '../../../tests/release/permitted_v1.json'
import { permitted, readState, type PhoneView } from './permitted'
import type { DeviceContext } from './wire'

interface Case {
  name: string
  custom: unknown
  phone: {
    id: string
    has?: boolean
    trial?: string
    container?: number
    context?: DeviceContext
    proofs?: { [list: string]: { index: number; path: string[] } }
  }
  permitted: boolean
}

// the server's half reads the same file in its tests
const cases = vectors as unknown as Case[]

const view = ({ id, has = false, trial, context = {}, proofs = {} }: Case['phone']): PhoneView => ({
  device: id, context, has, trial, proofs: Object.entries(proofs).map(([list, proof]) => ({ list, size: 0, ...proof })),
})

describe('permitted', () => {
  it.each(cases.map((one): [string, Case] => [one.name, one]))('%s', (_, { custom, phone, permitted: expected }) => {
    const state = readState(custom)
    expect(state !== undefined && permitted(state, view(phone), phone.container ?? 1)).toBe(expected)
  })

  it('has cases of either kind', () => {
    expect(cases.filter((one) => one.permitted).length).toBeGreaterThan(10)
    expect(cases.filter((one) => !one.permitted).length).toBeGreaterThan(10)
  })

  it.each([null, undefined, 1, 'x', [], {}, { eden: null }, { eden: { state: 'stable' } }, { eden: { state: 'toString' } }])(
    'reads nothing into %j',
    (custom) => { expect(readState(custom)).toBeUndefined() },
  )
})
