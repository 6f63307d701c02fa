/** Permissions of the program: asking, listing, changing; privacy. */
import type { AreaFactory } from '../kit'
import { fail, requireParameter } from '../kit'
import { Listeners } from '../listeners'
import { wxArea } from '../typed'

export const SCOPES = [
  'scope.userInfo', 'scope.userLocation', 'scope.userFuzzyLocation', 'scope.userLocationBackground', 'scope.record',
  'scope.camera', 'scope.bluetooth', 'scope.writePhotosAlbum', 'scope.addPhoneContact', 'scope.addPhoneCalendar',
  'scope.werun', 'scope.address', 'scope.invoiceTitle', 'scope.invoice',
]

/** Only what WeChat lists, and of it only what was decided. */
const listed = (setting: { [scope: string]: boolean }): WechatMiniprogram.AuthSetting =>
  Object.fromEntries(Object.entries(setting).filter(([scope]) => SCOPES.includes(scope)))

export const settings: AreaFactory = (rt) => {
  // Declared so that programs which register it work; every agreement is asked for by the host's own prompt.
  const privacy = new Listeners<any>(rt, 'onNeedPrivacyAuthorization')

  const subscriptions = async () => {
    const { templates } = await rt.call('subscriptions')
    return { mainSwitch: true, itemSettings: templates as any }
  }

  return wxArea({
    async: {
      async authorize(options) {
        requireParameter(options, 'scope', 'String')
        if (!SCOPES.includes(options.scope)) throw fail('invalid scope')
        await rt.call('authorize', { scope: options.scope })
      },
      async getSetting({ withSubscriptions = false }) {
        const { authSetting } = await rt.call('getSetting')
        return {
          authSetting: listed(authSetting as any),
          ...(withSubscriptions && { subscriptionsSetting: await subscriptions() }),
        }
      },
      async openSetting({ withSubscriptions = false }) {
        const { authSetting } = await rt.call('openSetting')
        return {
          authSetting: listed(authSetting as any),
          ...(withSubscriptions && { subscriptionsSetting: await subscriptions() }),
        }
      },
      openAppAuthorizeSetting: async () => void (await rt.call('openSetting')),
      getPrivacySetting: () => ({ needAuthorization: false, privacyContractName: rt.t('privacyContract') }),
      requirePrivacyAuthorize: () => undefined,
      openPrivacyContract: async () => void (await rt.call('openPrivacyContract')),
    },
    sync: {
      onNeedPrivacyAuthorization: privacy.on,
    },
    partial: {
      onNeedPrivacyAuthorization: 'the phone asks for each permission itself, so it never fires',
    },
  })
}
