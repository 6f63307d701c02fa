/** Who the person is: login, session, profile. */
import type { AreaFactory } from '../kit'
import { fail, requireParameter } from '../kit'
import { wxArea } from '../typed'

export const login: AreaFactory = (rt) => {
  /** userInfo with the fields that belong to it; rawData and signature come from the host, which knows the session. */
  const profile = async (name: 'getUserInfo' | 'getUserProfile', options: any): Promise<any> => {
    const { withCredentials = name === 'getUserProfile', lang = 'zh_CN', desc = '' } = options
    const { userInfo, rawData, signature, encryptedData, iv, cloudID } = await rt.call(name, { lang, desc })
    return withCredentials
      ? { userInfo, rawData, signature, encryptedData, iv, cloudID }
      : { userInfo, rawData, signature }
  }

  return wxArea({
    async: {
      login: ({ timeout }) => rt.call('login', { timeout }) as Promise<any>,
      async checkSession() {
        const { valid } = await rt.call('checkSession')
        if (!valid) throw fail('session time out, need relogin')
      },
      getUserInfo: (options) => profile('getUserInfo', options),
      getUserProfile: (options) => {
        requireParameter(options, 'desc', 'String')
        if (!options.desc.trim()) throw fail('parameter error: parameter.desc should not be empty;')
        return profile('getUserProfile', options)
      },
      pluginLogin: () => {
        throw fail('not supported in a mini program')
      },
    },
    sync: {
      getAccountInfoSync: () =>
        ({
          miniProgram: {
            appId: rt.boot.appId,
            envVersion: rt.boot.mode === 'check' ? 'develop' : rt.boot.mode,
            version:
              rt.boot.mode === 'release'
                ? String((rt.boot.manifest.version as { name?: string } | undefined)?.name ?? '')
                : '',
          },
        }) as WechatMiniprogram.AccountInfo,
    },
  })
}
