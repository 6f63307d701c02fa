/**
 * The phone's half of the test that both languages give the same answers (tests/base/targeting/agreement.py): decides
 * what it is given. The other half has drawn it and compares.
 */
import { bucket, inShare } from './bucketing-v1'
import { compileRule, type Context } from './evaluation'
import { type Proof, verifyMembership } from './merkle-list-v1'
import { parseRule } from './rules'

export interface Work {
  /** attribute, or "tags" or "lists", and 256 values of it; null is not known */
  pools: { [attribute: string]: (string | string[] | null)[] }
  /** each decides on as many contexts, one after the other */
  rules: { rule: unknown; salt: string; share: number }[]
  contextsPerRule: number
  /** of so many contexts, the first one's device is looked up in the share */
  bucketEvery: number
  /** values that are rules or are not */
  candidates: unknown[]
  proofs: { root: string; size: number; salt: string; id: string; proof: Proof }[]
}

export interface Answers {
  /** one byte for each context: 1 if the rule holds, and 2 more if its device was looked up and is in the share */
  decisions: Uint8Array
  /** of the devices that were looked up */
  buckets: Uint32Array
  /** of each candidate: '1' if it is a rule; of each proof: '1' if it is good */
  candidates: string
  proofs: string
}

/**
 * `picks` has, for each context, one byte for each pool in its order, and then eight. These, in hex and followed by the
 * attribute device_id, are the device that is in the share or not.
 */
export function answer(work: Work, picks: Uint8Array): Answers {
  const pools = Object.entries(work.pools).map(([name, values]) => ({
    name,
    values: values.map((value) => (Array.isArray(value) ? new Set(value) : value ?? undefined)),
  }))
  const count = work.rules.length * work.contextsPerRule
  const decisions = new Uint8Array(count)
  const buckets = new Uint32Array(Math.ceil(count / work.bucketEvery))
  let at = 0
  let index = 0
  for (const { rule, salt, share } of work.rules) {
    const decide = compileRule(parseRule(rule))
    for (let i = 0; i < work.contextsPerRule; i++, index++) {
      const context: { [name: string]: unknown } = Object.create(null) as { [name: string]: unknown }
      for (const { name, values } of pools) context[name] = values[picks[at++]!]
      decisions[index] = Number(decide(context as Context))
      if (index % work.bucketEvery === 0) {
        let device = ''
        for (const byte of picks.subarray(at, at + 8)) device += byte.toString(16).padStart(2, '0')
        const number = bucket(salt, device + String(context.device_id ?? ''))
        buckets[index / work.bucketEvery] = number
        if (inShare(number, share)) decisions[index]! += 2
      }
      at += 8
    }
  }
  return {
    decisions,
    buckets,
    candidates: work.candidates.map((value) => (isRule(value) ? '1' : '0')).join(''),
    proofs: work.proofs
      .map(({ root, size, salt, id, proof }) => (verifyMembership(root, size, salt, id, proof) ? '1' : '0')).join(''),
  }
}

function isRule(value: unknown): boolean {
  try {
    parseRule(value)
    return true
  } catch {
    return false
  }
}
