/** `<navigator>`: a link to a page or to another mini program. */
import css from './navigator.css'
import type { HostError } from '../runtime/context'
import { hoverable, type HoverProps } from './hover'
import { Builtin } from './kit'
import { onTap } from './label'

interface NavigatorProps extends HoverProps {
  target: string
  url: string
  openType: string
  delta: number
  appId: string
  path: string
  extraData: { [key: string]: unknown } | null
  version: string
  shortLink: string
  redirect: boolean
}

export class Navigator extends Builtin<NavigatorProps> {
  static tag = 'navigator'
  static override properties = {
    target: { type: String, value: 'self' },
    url: String,
    openType: { type: String, value: 'navigate' },
    delta: { type: Number, value: 1 },
    appId: String,
    path: String,
    extraData: { type: Object, value: null },
    version: { type: String, value: 'release' },
    shortLink: String,
    /** the oldest form of open-type="redirect" */
    redirect: Boolean,
    hoverClass: { type: String, value: 'navigator-hover' },
    hoverStopPropagation: Boolean,
    hoverStartTime: { type: Number, value: 50 },
    hoverStayTime: { type: Number, value: 600 },
  }
  static css = css

  override create(): void {
    this.host.setAttribute('role', 'link')
    this.host.tabIndex = 0
    hoverable(this, 'navigator-hover')
    onTap(this, () => void this.go())
  }

  private async go(): Promise<void> {
    const { target, openType, redirect } = this.props
    const name = target === 'miniProgram' ? this.outside() : redirect ? 'redirectTo' : APIS[openType]
    if (!name) return
    try {
      await this.open(name)
      this.trigger('success', { errMsg: `${name}:ok` })
      this.trigger('complete', { errMsg: `${name}:ok` })
    } catch (error) {
      const { reason, message } = error as HostError
      const detail = { errMsg: `${name}:fail ${reason ?? message}` }
      this.trigger('fail', detail)
      this.trigger('complete', detail)
    }
  }

  /** What leaves this program. */
  private outside(): string | undefined {
    const { openType } = this.props
    if (openType === 'exit') return 'exitMiniProgram'
    return openType === 'navigateBack' ? 'navigateBackMiniProgram' : 'navigateToMiniProgram'
  }

  private async open(name: string): Promise<unknown> {
    const { rt, props } = this
    const { url, delta, appId, path, version, shortLink } = props
    switch (name) {
      case 'navigateTo':
      case 'redirectTo':
      case 'switchTab':
      case 'reLaunch':
        return rt.router[name]({ url })
      case 'navigateBack':
        return rt.router.navigateBack(delta)
      case 'navigateToMiniProgram': {
        const extraData = JSON.parse(JSON.stringify(props.extraData ?? {}))
        return rt.call(name, { appId, path, extraData, envVersion: version, shortLink })
      }
      default:
        return rt.call(name, {})
    }
  }
}

const APIS: { [openType: string]: string } = {
  navigate: 'navigateTo',
  redirect: 'redirectTo',
  redirectTo: 'redirectTo',
  switchTab: 'switchTab',
  reLaunch: 'reLaunch',
  navigateBack: 'navigateBack',
  exit: 'exitMiniProgram',
}
