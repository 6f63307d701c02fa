/** What a phone and the device side of a server say to each other, as JSON (docs/device.md). */

/** What rules of an audience may ask about; every part may be missing. */
export interface DeviceContext {
  city?: string
  device_model?: string
  platform?: string
  os_version?: string
  app_version?: string
  container_version?: string
  network?: string
  language?: string
  channel?: string
  tags?: string[]
  user_id?: string
}

export interface CheckProgram {
  key: string
  /** version code that the phone has */
  have?: number
  /** version codes that the phone marked bad */
  bad?: number[]
  /** a tester's token */
  trial?: string
}

export interface CheckRequest {
  device: string
  context: DeviceContext
  programs: CheckProgram[]
  /** version of the timestamp metadata that the phone has; 0: none */
  timestamp: number
}

/** The phone is in a list: its leaf's index among `size`, and the Merkle path (SHA-256 in hex). */
export interface Proof {
  list: string
  index: number
  size: number
  path: string[]
}

export interface ProgramAnswer {
  key: string
  code: number | undefined
  version: string
  action: 'install' | 'keep' | 'rollback' | 'remove'
  release: string | undefined
  proofs: Proof[]
}

export interface CheckAnswer {
  /** seconds until the next check */
  interval: number
  timestamp: number
  programs: ProgramAnswer[]
}

export type ReportKind =
  | 'downloaded' | 'installed' | 'started' | 'first_page' | 'crash' | 'error' | 'failed' | 'bad' | 'rolled_back'
  | 'refused'

export interface Report {
  program: string
  code: number
  release?: string
  kind: ReportKind
  /** microseconds since 1970, by this phone's clock */
  at: number
  count?: number
  reason?: string
}

export interface ReportBatch {
  device: string
  /** random, made once: the server counts a batch once, however often it arrives */
  batch: string
  reports: Report[]
}

/** An answer that is none: the phone goes on with what it has. */
export class WireError extends Error {
  constructor(detail: string) {
    super(`the server's answer is not understood: ${detail}`)
    this.name = 'WireError'
  }
}

const MAX_PROGRAMS = 1000
const MAX_PATH = 64

export function parseAnswer(value: unknown): CheckAnswer {
  const top = record(value, 'answer')
  const programs = top.programs === undefined ? [] : list(top.programs, 'programs', MAX_PROGRAMS)
  return {
    interval: count(top.interval, 'interval'),
    timestamp: count(top.timestamp, 'timestamp'),
    programs: programs.map(parseProgram),
  }
}

function parseProgram(value: unknown): ProgramAnswer {
  const entry = record(value, 'programs')
  const { action } = entry
  if (action !== 'install' && action !== 'keep' && action !== 'rollback' && action !== 'remove') {
    throw new WireError(`action ${String(action)}`)
  }
  return {
    key: text(entry.key, 'key'),
    code: entry.code === null || entry.code === undefined ? undefined : count(entry.code, 'code'),
    version: entry.version === null || entry.version === undefined ? '' : text(entry.version, 'version'),
    action,
    release: entry.release === null || entry.release === undefined ? undefined : text(entry.release, 'release'),
    proofs: entry.proofs === undefined ? [] : list(entry.proofs, 'proofs', MAX_PROGRAMS).map((one) => {
      const proof = record(one, 'proofs')
      return {
        list: text(proof.list, 'list'), index: count(proof.index, 'index'), size: count(proof.size, 'size'),
        path: list(proof.path, 'path', MAX_PATH).map((node) => text(node, 'path')),
      }
    }),
  }
}

function record(value: unknown, what: string): { readonly [key: string]: unknown } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new WireError(`${what} is no object`)
  // own fields only
  return Object.assign(Object.create(null) as object, value) as { [key: string]: unknown }
}

function list(value: unknown, what: string, limit: number): unknown[] {
  if (!Array.isArray(value) || value.length > limit) throw new WireError(`${what} is no list`)
  return value
}

function count(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw new WireError(`${what} is no number`)
  return value
}

function text(value: unknown, what: string): string {
  if (typeof value !== 'string' || value.length > 1000) throw new WireError(`${what} is no text`)
  return value
}
