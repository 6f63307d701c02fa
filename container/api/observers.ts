/** wx.createIntersectionObserver and wx.createMediaQueryObserver on the browser's own observers. */
import type { GeneralComponent } from 'glass-easel'
import type { PageHandle, Runtime } from '../runtime/context'
import type { Found } from './select'
import { componentOf, domOf, select } from './select'

interface Margins {
  left?: number
  top?: number
  right?: number
  bottom?: number
}
interface Options {
  thresholds?: number[]
  initialRatio?: number
  observeAll?: boolean
}
type Scope = Pick<Runtime, 'router' | 'guard'>

const scopeOf = (rt: Scope, target: unknown): GeneralComponent | undefined =>
  componentOf(target) ?? rt.router.current()?.component

/** Does the ratio pass a threshold on its way from `before` to `after`? Reaching it counts. */
export const crosses = (thresholds: readonly number[], before: number, after: number): boolean =>
  thresholds.some((at) => before > at !== after > at || before >= at !== after >= at)

export class IntersectionObserver {
  private observers: globalThis.IntersectionObserver[] = []
  private reference: { selector: string | null; margins: Margins } = { selector: null, margins: {} }

  constructor(
    private readonly rt: Scope,
    private readonly component: unknown,
    private readonly options: Options = {},
  ) {}

  relativeTo(selector: string, margins: Margins = {}): this {
    this.reference = { selector, margins: margins ?? {} }
    return this
  }

  relativeToViewport(margins: Margins = {}): this {
    this.reference = { selector: null, margins: margins ?? {} }
    return this
  }

  observe(selector: string, listener: (result: object) => void): void {
    const component = scopeOf(this.rt, this.component)
    const page = component && (this.rt.router.pageOf(component) ?? this.rt.router.current())
    if (!component || !page) return
    for (const found of select(component, selector, this.options.observeAll)) {
      if (found.dom) this.watch(component, page, found, found.dom, listener)
    }
  }

  private watch(
    component: GeneralComponent,
    page: PageHandle,
    { element }: Found,
    dom: HTMLElement,
    listener: (result: object) => void,
  ): void {
    const { thresholds = [0], initialRatio = 0 } = this.options
    const { top = 0, right = 0, bottom = 0, left = 0 } = this.reference.margins
    let before: number | undefined = initialRatio
    const observer = new globalThis.IntersectionObserver(
      (entries) => {
        for (const entry of entries) {
          const first = before
          before = undefined
          if (first !== undefined && !crosses(thresholds, first, entry.intersectionRatio)) continue
          const origin = page.scroller.getBoundingClientRect()
          this.rt.guard('intersection observer', () =>
            listener({
              id: element.id,
              dataset: { ...element.dataset },
              intersectionRatio: entry.intersectionRatio,
              intersectionRect: relative(entry.intersectionRect, origin),
              boundingClientRect: relative(entry.boundingClientRect, origin),
              relativeRect: relative(entry.rootBounds ?? origin, origin),
              time: Date.now(),
            }),
          )
        }
      },
      {
        root: this.root(component, page, dom),
        rootMargin: [top, right, bottom, left].map((margin) => `${Number(margin) || 0}px`).join(' '),
        threshold: thresholds.map((value) => Math.min(1, Math.max(0, value))),
      },
    )
    observer.observe(dom)
    this.observers.push(observer)
  }

  /** The reference if the element is inside it, else the page's window. */
  private root(component: GeneralComponent, page: PageHandle, dom: HTMLElement): HTMLElement {
    const { selector } = this.reference
    const reference = selector === null ? undefined : select(component, selector)[0]
    const root = reference && domOf(reference.element)
    if (root && root !== dom && ancestors(dom).includes(root)) return root
    // Fixed elements are laid out in the scroller's parent and are not clipped by the scroller.
    const fixed = ancestors(dom, page.scroller).some((node) => getComputedStyle(node).position === 'fixed')
    return fixed ? (page.scroller.parentElement ?? page.scroller) : page.scroller
  }

  disconnect(): void {
    for (const observer of this.observers) observer.disconnect()
    this.observers = []
  }
}

/** The element and its ancestors through shadow roots, as far as (without) `end`. */
function ancestors(dom: Node, end?: Node): Element[] {
  const list: Element[] = []
  for (
    let node: Node | null = dom;
    node && node !== end;
    node = node instanceof ShadowRoot ? node.host : node.parentNode
  ) {
    if (node instanceof Element) list.push(node)
  }
  return list
}

const relative = ({ left, top, width, height }: DOMRectReadOnly, origin: DOMRectReadOnly) => {
  const x = left - origin.left
  const y = top - origin.top
  return { left: x, top: y, right: x + width, bottom: y + height, width, height }
}

const CONDITIONS: { [name: string]: (value: unknown) => string } = {
  minWidth: (value) => `(min-width:${Number(value)}px)`,
  maxWidth: (value) => `(max-width:${Number(value)}px)`,
  width: (value) => `(width:${Number(value)}px)`,
  minHeight: (value) => `(min-height:${Number(value)}px)`,
  maxHeight: (value) => `(max-height:${Number(value)}px)`,
  height: (value) => `(height:${Number(value)}px)`,
  orientation: (value) => `(orientation:${value === 'landscape' ? 'landscape' : 'portrait'})`,
}

export const mediaQuery = (descriptor: { [name: string]: unknown }): string =>
  Object.entries(descriptor)
    .flatMap(([name, value]) => CONDITIONS[name]?.(value) ?? [])
    .join(' and ') || 'all'

export class MediaQueryObserver {
  private stop: (() => void) | undefined

  constructor(private readonly rt: Scope) {}

  observe(descriptor: { [name: string]: unknown }, listener: (result: { matches: boolean }) => void): void {
    this.disconnect()
    const list = matchMedia(mediaQuery(descriptor))
    const tell = (): void => void this.rt.guard('media query observer', () => listener({ matches: list.matches }))
    list.addEventListener('change', tell)
    this.stop = () => list.removeEventListener('change', tell)
    setTimeout(tell, 0)
  }

  disconnect(): void {
    this.stop?.()
    this.stop = undefined
  }
}
