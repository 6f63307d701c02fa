/** Components that show what only WeChat has: user data, advertisements, an official account. */
import { Builtin, el } from './kit'

interface OpenDataProps {
  type: string
  lang: string
  defaultText: string
  defaultAvatar: string
}

const AVATAR = `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40">' +
  '<path fill="#d8d8d8" d="M0 0h40v40H0z"/>' +
  '<path fill="#fff" d="M20 9a7 7 0 0 1 4 12.7c5 1.6 9 5 9 9.3H7c0-4.3 4-7.7 9-9.3A7 7 0 0 1 20 9z"/></svg>')}`

/** WeChat itself answers with an anonymous person since 2022. */
export class OpenData extends Builtin<OpenDataProps> {
  static tag = 'open-data'
  static override properties = {
    type: String, openGid: null, lang: { type: String, value: 'en' },
    defaultText: String, defaultAvatar: String, useEmptyValue: null,
  }
  static css = `wx-open-data{display:block;overflow:hidden}.eden-avatar{display:block;width:100%;height:100%;
object-fit:cover}`

  override update(): void {
    const { type, lang, defaultText, defaultAvatar } = this.props
    if (type === 'userAvatarUrl') {
      const img = el('img', 'eden-avatar')
      img.alt = ''
      img.src = defaultAvatar ? this.rt.files.url(defaultAvatar, this.base) : AVATAR
      this.host.replaceChildren(img)
    } else {
      const name = lang === 'en' ? 'WeChat User' : '微信用户'
      this.host.textContent = defaultText || (type === 'userNickName' ? name : '')
    }
  }
}

/** No advertisement is ever there, which programs must cope with on WeChat too. */
export class Ad extends Builtin {
  static tag = 'ad'
  static override properties = {
    unitId: String, adIntervals: null, adType: null, adTheme: null, type: null, templateId: null,
  }
  static css = 'wx-ad,wx-ad-custom,wx-official-account,wx-official-account-publish{display:block}'

  override attached(): void {
    setTimeout(() => { if (this.host.isConnected) this.trigger('error', { errCode: 1004, errMsg: 'no suitable ad' }) })
  }
}

export class AdCustom extends Ad {
  static override tag = 'ad-custom'
  static override css = ''
}

export class OfficialAccount extends Builtin {
  static tag = 'official-account'
  static override properties = {}

  override attached(): void {
    setTimeout(() => {
      if (this.host.isConnected) this.trigger('error', { status: 2, errMsg: 'no official account is linked' })
    })
  }
}
