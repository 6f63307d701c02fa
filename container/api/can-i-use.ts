/**
 * wx.canIUse. Schemas: `api`, `api.return|success|object|callback.name.option`, `component`,
 * `component.attribute`, `component.attribute.option`.
 */
import type { BuiltinClass } from '../components/kit'
import { propertiesOf } from '../components/kit'

export interface Supported {
  apis: Set<string>
  /** name, or "name.object.key", → reason; the longer form says that this part is missing */
  partial: { [name: string]: string }
  components: readonly BuiltinClass[]
}

const METHODS = new Set(['return', 'success', 'object', 'callback'])
/** Tags that the template compiler understands itself. */
const COMPILED = new Set(['block', 'template', 'import', 'include', 'wxs', 'slot'])

const words = (text: string): string[] => text.split(' ')

/** Attributes of which programs ask for single values. */
const OPTIONS: { [attribute: string]: readonly string[] } = {
  'button.openType': words(
    'contact share getPhoneNumber getRealtimePhoneNumber getUserInfo launchApp openSetting feedback ' +
      'chooseAvatar agreePrivacyAuthorization getEmailAddress createLiveActivity',
  ),
  'input.type': words('text number idcard digit safe-password nickname'),
  'picker.mode': words('selector multiSelector time date region'),
  'navigator.openType': words('navigate redirect switchTab reLaunch navigateBack exit'),
  'canvas.type': words('2d webgl'),
}

const camel = (name: string): string => name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())

export function canIUse({ apis, partial, components }: Supported, schema: unknown): boolean {
  if (typeof schema !== 'string') return false
  const [head = '', ...rest] = schema.split('.')
  if (apis.has(head)) {
    if (!rest.length) return true
    const missing = rest.some((_, index) => `${head}.${rest.slice(0, index + 1).join('.')}` in partial)
    return METHODS.has(rest[0]!) ? !missing : !missing && rest.length === 1
  }
  if (COMPILED.has(head)) return true
  const type = components.find(({ tag }) => tag === head)
  if (!type) return false
  const [attribute, option] = rest
  if (attribute === undefined) return true
  // Events are bindtap, bindgetuserinfo and so on; components do not list theirs.
  if (/^(bind|catch)/.test(attribute)) return true
  if (!(camel(attribute) in propertiesOf(type))) return false
  const options = OPTIONS[`${head}.${camel(attribute)}`]
  return option === undefined || !options || options.includes(option)
}
