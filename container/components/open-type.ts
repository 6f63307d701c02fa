/**
 * What a button's open-type does: ask the host by a call of the same name, then fire the event that WeChat documents
 * for it with {errMsg, …fields of the answer}.
 */
import type { WireObject } from '../bridge/messages'
import type { HostError } from '../runtime/context'
import type { Builtin } from './kit'

export interface OpenTypeProps {
  openType: string
  lang: string
  sessionFrom: string
  sendMessageTitle: string
  sendMessagePath: string
  sendMessageImg: string
  appParameter: string
  showMessageCard: boolean
  phoneNumberNoQuotaToast: boolean
  businessId: string
  needShowEntrance: boolean
  entrancePath: string
  activityType: unknown
}

type OpenButton = Builtin<OpenTypeProps>

interface Capability {
  /** event that carries the result; undefined: none */
  event?: string
  /** name in errMsg where it is not the open-type itself */
  api?: string
  /** event for failures where it is not the same one */
  failure?: string
  /** nothing is fired when the person only closed it */
  quiet?: boolean
  args?: (button: OpenButton) => WireObject
}

const quota = ({ props }: OpenButton): WireObject => ({ phoneNumberNoQuotaToast: props.phoneNumberNoQuotaToast })

const CAPABILITIES: { [openType: string]: Capability } = {
  getUserInfo: { event: 'getuserinfo', args: ({ props }) => ({ lang: props.lang, withCredentials: true }) },
  getPhoneNumber: { event: 'getphonenumber', args: quota },
  getRealtimePhoneNumber: { event: 'getrealtimephonenumber', args: quota },
  getEmailAddress: { event: 'getemailaddress' },
  chooseAvatar: { event: 'chooseavatar', quiet: true },
  contact: {
    event: 'contact',
    api: 'enterContact',
    args: ({ props, page }) => ({
      sessionFrom: props.sessionFrom,
      sendMessageTitle: props.sendMessageTitle,
      sendMessagePath: props.sendMessagePath || `/${page?.route ?? ''}`,
      sendMessageImg: props.sendMessageImg,
      showMessageCard: props.showMessageCard,
      businessId: props.businessId,
    }),
  },
  feedback: {},
  openSetting: { event: 'opensetting' },
  launchApp: { event: 'launchapp', failure: 'error', args: ({ props }) => ({ appParameter: props.appParameter }) },
  createLiveActivity: {
    event: 'createliveactivity', args: ({ props }) => ({ activityType: String(props.activityType ?? '') }),
  },
  agreePrivacyAuthorization: {
    event: 'agreeprivacyauthorization', args: ({ component }) => ({ buttonId: component.id }),
  },
}

/** `openType` may join agreePrivacyAuthorization and another with "|"; the other runs once the person agreed. */
export async function openCapability(button: OpenButton, openType: string): Promise<void> {
  const first = (name: string) => Number(name !== 'agreePrivacyAuthorization')
  for (const name of openType.split('|').sort((a, b) => first(a) - first(b))) {
    if (name === 'share') share(button)
    else if (!(await run(button, name))) return
  }
}

function share({ component, host, rt }: OpenButton): void {
  const { offsetLeft, offsetTop } = host
  const target = { id: component.id, dataset: { ...component.dataset }, offsetLeft, offsetTop }
  rt.emit('share', { from: 'button', target })
}

async function run(button: OpenButton, name: string): Promise<boolean> {
  const { rt } = button
  const capability = CAPABILITIES[name]
  if (!capability) {
    rt.reportUnsupported('component', `button.open-type.${name}`)
    return false
  }
  const { event, failure = event, quiet, args } = capability
  const api = capability.api ?? name
  try {
    const answer = await rt.call(name, args?.(button))
    if (event) button.trigger(event, { ...(await withFiles(button, answer)), errMsg: `${api}:ok` })
    return true
  } catch (error) {
    const { reason, errno } = error as HostError
    if (failure && !(quiet && reason === 'cancel')) {
      button.trigger(failure, { errMsg: `${api}:fail ${reason}`, ...(errno === undefined ? {} : { errno }) })
    }
    return false
  }
}

/** chooseAvatar answers with the picture's bytes; the program gets the path of a temporary file. */
async function withFiles({ rt }: OpenButton, answer: WireObject): Promise<object> {
  const { data, type } = answer
  if (!(data instanceof ArrayBuffer) && !(data instanceof Blob)) return answer
  const mime = data instanceof Blob ? data.type : String(type ?? '')
  const extension = { 'image/png': 'png', 'image/webp': 'webp', 'image/gif': 'gif' }[mime] ?? 'jpg'
  const bytes = data instanceof Blob ? await data.arrayBuffer() : data
  return { avatarUrl: rt.files.addTemp(new Uint8Array(bytes), extension) }
}
