/** What capabilities may do with the phone on behalf of one program. Only the program in front moves anything. */
import { parseAddress } from './address'
import { fail, type PhoneControl } from './capabilities/types'
import type { KeyboardRequest } from './keyboard/options'
import { SCENE_FROM_PROGRAM } from './options'
import type { Phone, Programs, Running } from './programs'

/** `of` gives the program; it is asked late, as the program is made after its control. */
export function phoneControl(of: () => Running, programs: Programs, phone: Phone): PhoneControl {
  const inFront = (): Running => {
    if (of() !== programs.front) throw fail('can only be called in the foreground')
    return of()
  }
  return {
    authSetting: async () => of().session.permissions!.all(),
    openSettings: async () => {
      await phone.openSettings(inFront())
      return of().session.permissions!.all()
    },
    openProgram: async ({ appId, path, extraData }) => {
      const opener = inFront()
      const url = await phone.options.resolve?.(appId) ?? phone.programAddress(appId)
      if (url === undefined) throw fail('invalid appid')
      const referrerInfo = { appId: inFront().session.appId, extraData }
      const launch = { ...parseAddress(path), scene: SCENE_FROM_PROGRAM, referrerInfo }
      void programs.launch(new URL(url, document.baseURI).href, launch, { opener })
    },
    backToProgram: async (extraData) => {
      const { opener, session } = inFront()
      if (!opener || opener.session.ended) throw fail('not opened by another mini program')
      programs.leave({ referrerInfo: { appId: session.appId, extraData } })
    },
    exit: async () => {
      inFront()
      programs.leave()
    },
    restart: async (path) => void programs.restart(inFront(), parseAddress(path)),
    ...(phone.keyboard && {
      typeSecurely: async (request: KeyboardRequest) => {
        inFront()
        return phone.keyboard!.open(request)
      },
    }),
    shareMenu: (menus) => { of().shareable = menus.includes('shareAppMessage') },
  }
}
