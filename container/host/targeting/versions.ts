/** Versions as phones and people write them; the order is told in src/eden/base/targeting/versions.py. */

/** Longest text that is read as a version. */
const MAX_VERSION = 128
const IDENTIFIERS = '[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*'
const VERSION = new RegExp(`^[vV]?([0-9]+(?:\\.[0-9]+){0,3})(?:-(${IDENTIFIERS}))?(?:\\+${IDENTIFIERS})?$`)

export interface Version {
  /** four, in decimal digits without leading zeros: they may be longer than a number holds */
  readonly numbers: readonly string[]
  /** undefined for a release */
  readonly prerelease: readonly string[] | undefined
}

/** The version that a text is; undefined if it is none. */
export function parseVersion(text: string | undefined): Version | undefined {
  const found = text === undefined || text.length > MAX_VERSION ? null : VERSION.exec(text)
  if (!found) return undefined
  const numbers = found[1]!.split('.').map(plainDigits)
  while (numbers.length < 4) numbers.push('0')
  return { numbers, prerelease: found[2]?.split('.').map((one) => (isDigits(one) ? plainDigits(one) : one)) }
}

/** Below zero, zero or above it, as the first comes before the second, is the same, or comes after it. */
export function compareVersions(one: Version, two: Version): number {
  for (let i = 0; i < 4; i++) {
    const order = compareDigits(one.numbers[i]!, two.numbers[i]!)
    if (order !== 0) return order
  }
  if (!one.prerelease || !two.prerelease) return Number(!one.prerelease) - Number(!two.prerelease)
  const shared = Math.min(one.prerelease.length, two.prerelease.length)
  for (let i = 0; i < shared; i++) {
    const order = compareIdentifiers(one.prerelease[i]!, two.prerelease[i]!)
    if (order !== 0) return order
  }
  return one.prerelease.length - two.prerelease.length
}

const isDigits = (text: string): boolean => /^[0-9]+$/.test(text)
const plainDigits = (digits: string): string => digits.replace(/^0+(?=[0-9])/, '')
const compareAscii = (one: string, two: string): number => (one < two ? -1 : one > two ? 1 : 0)
const compareDigits = (one: string, two: string): number => one.length - two.length || compareAscii(one, two)

function compareIdentifiers(one: string, two: string): number {
  const digits = isDigits(one)
  if (digits !== isDigits(two)) return digits ? -1 : 1
  return digits ? compareDigits(one, two) : compareAscii(one, two)
}
