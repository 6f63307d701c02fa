/** From a selector to the elements it means: glass-easel's tree and the DOM behind it. */
import type { Element as GlassElement, GeneralComponent } from 'glass-easel'

export interface Found {
  element: GlassElement
  /** undefined for components with a virtual host */
  dom: HTMLElement | undefined
}

/** A page's or component's `this`, or the element itself. */
export const componentOf = (target: any): GeneralComponent | undefined =>
  target?._$ ?? (typeof target?.getShadowRoot === 'function' ? target : undefined)

export const domOf = (element: GlassElement): HTMLElement | undefined =>
  (element.getBackendElement() as unknown as HTMLElement | null) ?? undefined

/** Elements in the component's own template (and with `>>>` in those of its components), in document order. */
export function select(component: GeneralComponent, selector: string, all = false): Found[] {
  const root = component.getShadowRoot()
  if (!root) return []
  const elements = all ? root.querySelectorAll(selector) : [root.querySelector(selector)]
  return elements.filter((element) => element !== null).map((element) => ({ element, dom: domOf(element) }))
}
