import { describe, expect, it } from 'vitest'
import { PackageError } from '../package/error'
import { TrustError } from '../trust'
import { asPackageError } from './faults'

describe('asPackageError', () => {
  it('leaves one as it is', () => {
    const error = new PackageError('hash', 'main.zip', 'x')
    expect(asPackageError(error, 'bank')).toBe(error)
  })

  it('keeps what a refusal of the trust client says to the log and to the person', () => {
    const found = asPackageError(new TrustError('expired', 'timestamp.json', 'expired at noon'), 'bank')
    expect(found).toMatchObject({ fault: 'trust', file: 'timestamp.json', message: 'timestamp.json: expired at noon' })
    expect(found.explain!('en')).toMatch(/^The update information is out of date/)
    expect(found.explain!('zh_CN')).toMatch(/^更新信息已过期/)
  })

  it('knows a full store, and takes everything else for a download that failed', () => {
    expect(asPackageError(new DOMException('x', 'QuotaExceededError'), 'bank').fault).toBe('room')
    expect(asPackageError(new DOMException('x', 'InvalidStateError'), 'bank').fault).toBe('download')
    expect(asPackageError('x', 'bank')).toMatchObject({ fault: 'download', message: 'bank: x' })
  })
})
