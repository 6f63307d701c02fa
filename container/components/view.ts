/** `<view>`, and the inert box that stands for a tag that is neither built in nor registered. */
import { COMMON_CSS } from './common'
import { hoverable, type HoverProps } from './hover'
import { Builtin } from './kit'

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

  /** Listens only on views that have a hover-class: there are thousands of others. */
  override update(name: keyof HoverProps): void {
    const { hoverClass } = this.props
    if (name !== 'hoverClass' || this.hovering || !hoverClass || hoverClass === 'none') return
    this.hovering = true
    hoverable(this, '')
  }
}

/** Unknown tags (i, div, a, …) render as inline boxes without behaviour, as on WeChat. */
export class Inert extends Builtin {
  static tag = 'inert'
  static override properties = {}
}
