/** Other mini programs, and the end of this one. */
import type { AreaFactory } from '../kit'
import { fail, requireParameter } from '../kit'
import { wxArea } from '../typed'

export const programs: AreaFactory = (rt) => {
  /** `shortLink` and a missing appId name a program that only WeChat knows. */
  const open = async (options: any, embedded: boolean): Promise<void> => {
    if (!options.appId && options.shortLink) throw fail('invalid shortLink')
    requireParameter(options, 'appId', 'String')
    const { appId, path = '', extraData = {} } = options
    if (appId === rt.boot.appId) throw fail('can not navigate to current miniprogram')
    await rt.call('navigateToMiniProgram', { appId, path, extraData: plain(extraData), embedded })
  }

  return wxArea({
    async: {
      navigateToMiniProgram: (options) => open(options, false),
      openEmbeddedMiniProgram: (options) => open(options, true),
      navigateBackMiniProgram: async ({ extraData = {} }) =>
        void (await rt.call('navigateBackMiniProgram', { extraData: plain(extraData) })),
      exitMiniProgram: async () => void (await rt.call('exitMiniProgram')),
      restartMiniProgram: async (options) => {
        requireParameter(options, 'path', 'String')
        await rt.call('restartMiniProgram', { path: options.path })
      },
      openCustomerServiceChat: async (options) => {
        requireParameter(options, 'corpId', 'String')
        await rt.call('openLink', { url: options.extInfo?.url ?? '', kind: 'customerService' })
      },
    },
    partial: {
      openEmbeddedMiniProgram: 'opens over the whole phone',
      openCustomerServiceChat: 'opens the given address in the browser, after asking',
    },
  })
}

/** Data for another program is JSON, as on WeChat. */
const plain = (value: unknown) => JSON.parse(JSON.stringify(value ?? {}))
