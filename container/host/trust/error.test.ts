import { describe, expect, it } from 'vitest'
import page from '../../../docs/trust.md?raw'
import { TRUST_MESSAGES, TrustError, type TrustFault } from './error'
import { LIMITS } from './updater'

describe('docs/trust.md', () => {
  it.each(Object.entries(TRUST_MESSAGES.en))('explains %s and has its sentence', (fault, message) => {
    const row = page.split('\n').find((line) => line.startsWith(`| \`${fault}\` |`))
    expect(row).toMatch(/^\| `\w+` \| \S.* \| \S.* \|$/)
    expect(row).toContain(`| ${message} |`)
  })

  it('has no other faults', () => {
    const rows = page.split('## Faults')[1]!.split('\n## ')[0]!.match(/^\| `(\w+)`/gm)
    expect(rows).toHaveLength(Object.keys(TRUST_MESSAGES.en).length)
  })

  it('has the limits', () => {
    const words = page.replace(/\s+/g, ' ')
    const { roots, delegations, root, timestamp, snapshot, targets } = LIMITS
    const bytes = [root, timestamp, snapshot, targets].map((n) => n.toLocaleString('en'))
    expect(words).toContain(`root ${bytes[0]} bytes, timestamp ${bytes[1]}, snapshot ${bytes[2]}, targets ${bytes[3]}`)
    expect(words).toContain(`${roots} new roots at once; ${delegations} delegated roles`)
  })
})

describe('TrustError', () => {
  it('names the file and what is wrong with it', () => {
    const error = new TrustError('expired', 'timestamp.json', 'expired at noon')
    expect(String(error)).toBe('TrustError: timestamp.json: expired at noon')
    expect(error).toMatchObject({ fault: 'expired', file: 'timestamp.json' })
  })

  it.each(Object.keys(TRUST_MESSAGES.en) as TrustFault[])('says %s in the words of the person', (fault) => {
    const { explain } = new TrustError(fault, 'timestamp.json', 'x')
    expect(explain('en')).toMatch(/^[A-Z][^\u4e00-\u9fff]+\.$/)
    expect(explain('zh_CN')).toMatch(/^[\u4e00-\u9fff].*。$/)
  })
})
