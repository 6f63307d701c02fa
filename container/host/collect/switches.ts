/** What the workspace wants to hear of, as its server says it; whatever is missing or wrong has a default. */
import { sha256 } from '../package/sha256'
import { KINDS, type Kind } from './records'

export type Consent = 'granted' | 'ask' | 'denied'

/** A wish for this phone's log. Times in ms. */
export interface Pull {
  id: string
  from: number
  until: number
}

/** Of one program. */
export interface Switches {
  /** how many of a thousand devices tell of this kind */
  perMille: { readonly [kind in Kind]: number }
  /** entries of a batch */
  batch: number
  /** seconds until a batch goes that is not full */
  seconds: number
  /** that may wait on this phone */
  bytes: number
  /** what counts for a person who has not said anything */
  consent: Consent
  /** taps with what is written on what was tapped */
  tapText: boolean
  /** regular expressions: what they find is not for anybody */
  masks: string[]
}

export interface Workspace {
  revision: number
  usual: Switches
  programs: { readonly [key: string]: Wanted }
}

/** Of one program. */
export interface Wanted {
  writeKey: string
  switches: Switches
  /** somebody wants the log that this phone has of it */
  pull: Pull | undefined
}

type Loose = { [name: string]: unknown }

const loose = (value: unknown): Loose => (typeof value === 'object' && value !== null ? value as Loose : {})
const between = (value: unknown, low: number, high: number, otherwise: number): number =>
  (typeof value === 'number' && Number.isFinite(value) ? Math.min(high, Math.max(low, value)) : otherwise)

/** The answer of `GET /observe/v1/collect/WORKSPACE`. */
export function parseWorkspace(value: unknown): Workspace {
  const given = loose(value)
  const usual = parseSwitches(given)
  const programs = Object.entries(loose(given.programs)).flatMap(([key, program]): [string, Wanted][] => {
    const own = loose(program)
    if (typeof own.key !== 'string') return []
    // a program says what is not as usual
    return [[key, { writeKey: own.key, switches: parseSwitches({ ...given, ...own }), pull: parsePull(own.pull) }]]
  })
  return { revision: between(given.revision, 0, Number.MAX_SAFE_INTEGER, 0), usual, programs: Object.fromEntries(programs) }
}

export function parseSwitches(given: Loose): Switches {
  const kinds = loose(given.kinds)
  const perMille = Object.fromEntries(KINDS.map((kind) => {
    const { on, per_mille: share } = loose(kinds[kind])
    return [kind, on === false ? 0 : between(share, 0, 1000, 1000)]
  })) as Switches['perMille']
  const { consent, masks } = given
  return {
    perMille,
    batch: between(given.batch, 1, 1000, 50),
    seconds: between(given.seconds, 1, 3600, 10),
    bytes: between(given.bytes, 10_000, 50_000_000, 512_000),
    consent: consent === 'denied' || consent === 'ask' ? consent : 'granted',
    tapText: given.tap_text === true,
    masks: Array.isArray(masks) ? masks.filter((mask) => typeof mask === 'string') : [],
  }
}

export function parsePull(value: unknown): Pull | undefined {
  const { id, from, until } = loose(value)
  if (typeof id !== 'string') return undefined
  return { id, from: time(from, 0), until: time(until, Number.MAX_SAFE_INTEGER) }
}

/** ms, from ms or RFC 3339. */
function time(value: unknown, otherwise: number): number {
  const ms = typeof value === 'string' ? Date.parse(value) : value
  return typeof ms === 'number' && Number.isFinite(ms) ? ms : otherwise
}

/** For every kind which of a thousand parts this device is in: always the same, and others for other kinds. */
export async function buckets(device: string): Promise<{ [kind in Kind]: number }> {
  const found = await Promise.all(KINDS.map(async (kind) => {
    const hash = await sha256(new TextEncoder().encode(device + kind).buffer as ArrayBuffer)
    return [kind, parseInt(hash.slice(0, 8), 16) % 1000] as const
  }))
  return Object.fromEntries(found) as { [kind in Kind]: number }
}
