/** Why something that a server sent, or that was kept, is not trusted. */
export type TrustFault =
  /** not metadata as the specification describes it */
  | 'format'
  /** fewer valid signatures than the role's threshold */
  | 'signature'
  /** older than what this phone has already seen */
  | 'rollback'
  /** past its date: the server is neglected, someone holds updates back, or the phone's clock is wrong */
  | 'expired'
  /** not the version, size or hash that the signed metadata above it names */
  | 'mismatch'
  /** longer than allowed; reading stopped there */
  | 'length'
  /** named by signed metadata, but not there */
  | 'missing'
  /** needs a newer app or browser: metadata version, kind of key */
  | 'unsupported'
  /** the search for a target met more delegated roles than allowed */
  | 'delegations'

export type Locale = 'zh_CN' | 'en'

/** What the person at the phone reads. It says what happened and what to do; the log has the error's own message. */
export const TRUST_MESSAGES: Readonly<Record<Locale, Readonly<Record<TrustFault, string>>>> = {
  en: {
    format: 'The update server sent something that cannot be read. Try again later.',
    signature: 'This update is not signed by those whom this app trusts. It was not installed.',
    rollback: 'The update server offers an older state than this phone has already seen. It was not accepted.',
    expired: 'The update information is out of date. Check the date and time of this phone; if they are right, '
      + 'updates are being held back.',
    mismatch: 'The update is not the one that was announced. It was not installed. Try again later.',
    length: 'The update is larger than announced. The download was stopped.',
    missing: 'A part of the update is not on the server. Try again later.',
    unsupported: 'This update needs a newer version of this app or browser.',
    delegations: 'The update server is set up in a way that this app refuses to follow.',
  },
  zh_CN: {
    format: '更新服务器返回的内容无法识别，请稍后再试。',
    signature: '更新没有本应用信任的签名，未安装。',
    rollback: '更新服务器提供的状态比本机已知的更旧，未采用。',
    expired: '更新信息已过期。请检查手机的日期和时间；如果无误，则更新正被扣留。',
    mismatch: '更新与公布的不一致，未安装，请稍后再试。',
    length: '更新比公布的大，已停止下载。',
    missing: '服务器上缺少更新的一部分，请稍后再试。',
    unsupported: '此更新需要更高版本的应用或浏览器。',
    delegations: '更新服务器的设置方式不被本应用接受。',
  },
}

export class TrustError extends Error {
  /** `file` is the metadata file or target at fault, as the repository names it; `detail` is for the log. */
  constructor(readonly fault: TrustFault, readonly file: string, readonly detail: string) {
    super(`${file}: ${detail}`)
    this.name = 'TrustError'
  }

  /** What the person reads. */
  readonly explain = (locale: Locale): string => TRUST_MESSAGES[locale][this.fault]
}
