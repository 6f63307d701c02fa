/**
 * Whether signed metadata lets this phone install a version: the phone's half of src/eden/release/rules_signed.py,
 * which tells the fields. tests/release/permitted_v1.json holds both to the same answers. What cannot be read permits
 * nothing.
 */
import { PLATFORM_VERSION } from '../package/manifest'
import { bucket, EVERYONE, inShare, sha256Text } from '../targeting/bucketing-v1'
import { compileRule, type Context } from '../targeting/evaluation'
import { verifyMembership } from '../targeting/merkle-list-v1'
import { compilePatterns } from '../targeting/patterns'
import { parseRule } from '../targeting/rules'
import type { DeviceContext, Proof } from './wire'

interface SignedList {
  id: string
  salt: string
  root: string
  size: number
  patterns: string[] | undefined
}

interface SignedRelease {
  id: string
  salt: string
  share: number
  rule: unknown
  patterns: string[]
  lists: SignedList[]
  ruleLists: SignedList[]
}

export interface SignedState {
  code: number
  version: string
  state: 'stable' | 'release' | 'kept' | 'revoked' | 'trial'
  /** the oldest container that runs it */
  container: number
  /** SHA-256 of testers' tokens */
  trial: string[]
  release: SignedRelease | undefined
  /** of a web application: its fields, as they were signed */
  h5: unknown
}

/** What the phone knows of itself. */
export interface PhoneView {
  device: string
  context: DeviceContext
  /** it has this version already, current or previous */
  has: boolean
  trial: string | undefined
  proofs: readonly Proof[]
}

const STATES: readonly unknown[] = ['stable', 'release', 'kept', 'revoked', 'trial']

/** Of a target's `custom`; undefined when it is not what a release server writes. */
export function readState(custom: unknown): SignedState | undefined {
  try {
    const eden = object(object(custom).eden)
    if (!STATES.includes(eden.state)) return undefined
    return {
      code: count(eden.code), version: text(eden.version), h5: eden.h5,
      state: eden.state as SignedState['state'], container: count(eden.container ?? 1),
      trial: texts(eden.trial), release: eden.release == null ? undefined : readRelease(eden.release),
    }
  } catch {
    return undefined
  }
}

export function permitted(signed: SignedState, phone: PhoneView, container = PLATFORM_VERSION): boolean {
  if (signed.state === 'revoked' || signed.container > container) return false
  if (opens(phone.trial, signed)) return true
  switch (signed.state) {
    case 'stable':
      return true
    case 'kept':
      return phone.has
    case 'release':
      return signed.release !== undefined && (phone.has || isReached(signed.release, phone))
    default:
      return false
  }
}

/** Whether a tester's token opens this version. */
export const opens = (token: string | undefined, signed: SignedState): boolean =>
  token !== undefined && signed.trial.includes(sha256Text(token))

/** What cannot be read reaches nobody; the other ways stay. */
function isReached(release: SignedRelease, phone: PhoneView): boolean {
  if (release.lists.some((list) => isOn(list, phone)) || matches(release.patterns, phone)) return true
  if (release.share <= 0 || release.share > EVERYONE) return false
  if (!inShare(bucket(release.salt, phone.device), release.share)) return false
  const { tags, ...texts } = phone.context
  const context: Context = {
    ...texts, device_id: phone.device, tags: new Set(tags),
    lists: (id) => release.ruleLists.some((list) => list.id === id && isOn(list, phone)),
  }
  try {
    return compileRule(parseRule(release.rule))(context)
  } catch {
    return false
  }
}

function isOn(list: SignedList, phone: PhoneView): boolean {
  if (list.patterns) return matches(list.patterns, phone)
  const proof = phone.proofs.find((one) => one.list === list.id)
  return proof !== undefined && ids(phone).some((id) => verifyMembership(list.root, list.size, list.salt, id, proof))
}

function matches(patterns: string[], phone: PhoneView): boolean {
  if (patterns.length === 0) return false
  try {
    const match = compilePatterns(patterns)
    return ids(phone).some((id) => match(id))
  } catch {
    return false
  }
}

const ids = ({ device, context }: PhoneView): string[] =>
  context.user_id === undefined ? [device] : [device, context.user_id]

// ---- reading; every function throws on what it does not expect --------------------------------------------------

function readRelease(value: unknown): SignedRelease {
  const release = object(value)
  return {
    id: text(release.id), salt: text(release.salt), share: count(release.share), rule: release.rule,
    patterns: texts(release.patterns),
    lists: (release.lists === undefined ? [] : list(release.lists)).map(readList),
    ruleLists: (release.rule_lists === undefined ? [] : list(release.rule_lists)).map(readList),
  }
}

function readList(value: unknown): SignedList {
  const entry = object(value)
  return {
    id: text(entry.id), salt: text(entry.salt ?? ''), root: text(entry.root ?? ''), size: count(entry.size ?? 0),
    patterns: entry.patterns == null ? undefined : texts(entry.patterns),
  }
}

/** Own fields only: names of Object's prototype are no fields. */
function object(value: unknown): { readonly [key: string]: unknown } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('no object')
  return Object.assign(Object.create(null) as object, value) as { [key: string]: unknown }
}

function list(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new TypeError('no list')
  return value
}

const texts = (value: unknown): string[] => (value === undefined ? [] : list(value).map(text))

function text(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('no text')
  return value
}

function count(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw new TypeError('no whole number')
  return value
}
