/** `<view>`, and the inert box that stands for a tag that is neither built in nor registered. */
import { COMMON_CSS } from './common'
import { Builtin, pressable } from './kit'

interface HoverProps {
  hoverClass: string
  hoverStopPropagation: boolean
  hoverStartTime: number
  hoverStayTime: number
}

export class View extends Builtin<HoverProps> {
  static override properties = {
    hoverClass: { type: String, value: 'none' },
    hoverStopPropagation: Boolean,
    hoverStartTime: { type: Number, value: 50 },
    hoverStayTime: { type: Number, value: 400 },
  }
  static tag = 'view'
  static css = `${COMMON_CSS}wx-view{display:block}`

  private hovering = false

  override update(name: keyof HoverProps): void {
    if (name !== 'hoverClass' || this.hovering || !this.hasHover) return
    this.hovering = true
    let on: string[] = []
    pressable(this, {
      start: () => this.props.hoverStartTime,
      stay: () => this.props.hoverStayTime,
      stop: () => this.props.hoverStopPropagation,
      disabled: () => !this.hasHover,
      hover: (pressed) => {
        if (pressed) this.host.classList.add(...(on = this.authorClass(this.props.hoverClass).split(' ')))
        else this.host.classList.remove(...on)
      },
    })
  }

  private get hasHover(): boolean {
    return Boolean(this.props.hoverClass) && this.props.hoverClass !== 'none'
  }
}

/** Unknown tags (i, div, a, …) render as inline boxes without behaviour, as on WeChat. */
export class Inert extends Builtin {
  static tag = 'inert'
  static override properties = {}
}
