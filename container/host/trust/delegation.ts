/** Who is asked about a target: path patterns, hash prefixes and succinct bins. Pure. */
import type { DelegatedRole, Delegations, Role, SuccinctRoles } from './metadata'

export interface Visit {
  name: string
  /** nothing after this role and those below it is asked */
  terminating: boolean
}

/** The roles trusted with `path`, in the order in which they are asked. `hash` is the path's SHA-256 in hex. */
export function rolesFor(delegations: Delegations, path: string, hash: string): Visit[] {
  const { roles, succinct } = delegations
  if (!succinct) return roles.filter((role) => isTrustedWith(role, path, hash))
  const bin = parseInt(hash.slice(0, 8), 16) >>> (32 - succinct.bitLength)
  return [{ name: binName(succinct, bin), terminating: true }]
}

/** Keys and threshold of the delegated role of this name, if there is one. */
export function delegatedRole({ roles, succinct }: Delegations, name: string): Role | undefined {
  if (!succinct) return roles.find((role) => role.name === name)
  const bin = parseInt(name.slice(succinct.prefix.length + 1), 16)
  const isBin = bin >= 0 && bin < 2 ** succinct.bitLength && name === binName(succinct, bin)
  return isBin ? succinct : undefined
}

/** TAP 15: as many hex digits as the last bin needs. */
const binName = ({ prefix, bitLength }: SuccinctRoles, bin: number): string =>
  `${prefix}-${bin.toString(16).padStart(Math.ceil(bitLength / 4), '0')}`

const isTrustedWith = (role: DelegatedRole, path: string, hash: string): boolean =>
  role.paths.some((pattern) => matches(pattern, path)) || role.hashPrefixes.some((prefix) => hash.startsWith(prefix))

/** As the shell does it: `*` is any text and `?` one character, neither of them `/`. */
export function matches(pattern: string, path: string): boolean {
  const patterns = pattern.split('/')
  const parts = path.split('/')
  return patterns.length === parts.length && patterns.every((one, i) => matchesPart([...one], [...parts[i]!]))
}

/** In time pattern x text at most: a pattern is signed, but need not be well-meant. */
function matchesPart(pattern: string[], text: string[]): boolean {
  let p = 0
  let star = -1
  let resume = 0
  for (let t = 0; t < text.length;) {
    if (pattern[p] === '*') {
      star = p++
      resume = t
    } else if (pattern[p] === '?' || pattern[p] === text[t]) {
      p++
      t++
    } else if (star >= 0) {
      p = star + 1
      t = ++resume
    } else {
      return false
    }
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}
