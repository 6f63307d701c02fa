/** `<label>`: a tap anywhere in it acts on its control, as if the control had been tapped. */
import type { Event as GlassEvent } from 'glass-easel'
import { Builtin, builtinOf } from './kit'

/** Controls that a label can act on. */
export interface LabelTarget {
  labelTap(): void
  /** the element that assistive technology meets, where it is not the host */
  readonly labelled?: HTMLElement
}

const isLabelTarget = (builtin: object | undefined): builtin is LabelTarget =>
  builtin !== undefined && typeof (builtin as Partial<LabelTarget>).labelTap === 'function'

/**
 * Taps that a control has acted on: a label around it must not act again. Each listener gets an object of its own
 * whose prototype is the one event.
 */
const claimed = new WeakSet<object>()

/** Run `action` for each tap in this component. */
export function onTap(builtin: Builtin<any>, action: () => void): void {
  builtin.component.addListener('tap', (event: GlassEvent<unknown>) => {
    const tap = Object.getPrototypeOf(event) as object
    const isLabel = builtin instanceof Label
    if (isLabel && claimed.has(tap)) return
    if (isLabel || isLabelTarget(builtin)) claimed.add(tap)
    action()
  })
}

export class Label extends Builtin<{ for: string }> {
  static tag = 'label'
  static override properties = { for: String }
  static css = 'wx-label{display:inline}'

  override create(): void {
    onTap(this, () => this.target()?.labelTap())
  }

  /** The label's text names its control for assistive technology. */
  override attached(): void {
    const target = this.target()
    const element = target?.labelled ?? target?.host
    if (element && 'ariaLabelledByElements' in element && !target?.host.hasAttribute('aria-label')) {
      element.ariaLabelledByElements = [this.host]
    }
  }

  private target(): (Builtin & LabelTarget) | undefined {
    const id = this.props.for
    const named = id ? this.component.ownerShadowRoot?.getElementById(id)?.getBackendElement() : undefined
    const nodes = id ? [named as unknown as Node | undefined] : this.host.querySelectorAll('*')
    for (const node of nodes) {
      const builtin = node && builtinOf(node)
      if (isLabelTarget(builtin)) return builtin
    }
    return undefined
  }
}
