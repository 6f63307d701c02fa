/** Boxes of the Skyline renderer, laid out with CSS. */
import type { Element as GlassElement } from 'glass-easel'
import { Builtin } from './kit'

/** Segment of an item's style that overrides the author (StyleSegmentIndex.TEMP_EXTRA). */
const ITEM_STYLE = 3

/** Style text for a `padding` of up to four numbers, px. */
const sides = (padding: unknown): string =>
  Array.isArray(padding) ? `padding:${padding.map((side) => `${Number(side) || 0}px`).join(' ')}` : ''

export class StickySection extends Builtin<{ pushPinnedHeader: boolean; padding: number[] }> {
  static tag = 'sticky-section'
  static override properties = { pushPinnedHeader: { type: Boolean, value: true }, padding: null }
  static css = `wx-sticky-section,wx-list-view,wx-list-builder,wx-snapshot,wx-share-element,wx-open-container,
wx-selection,wx-nested-scroll-header,wx-nested-scroll-body{display:block}
wx-sticky-header{display:block;position:sticky;top:0;z-index:9}
wx-selection{user-select:text;-webkit-user-select:text}`

  override update(): void {
    // without pushing, the header sticks to the whole scroll-view instead of its section
    this.styleHost(this.props.pushPinnedHeader ? sides(this.props.padding) : 'display:contents')
  }
}

export class StickyHeader extends Builtin<{ offsetTop: number; padding: number[] }> {
  static tag = 'sticky-header'
  static override properties = { offsetTop: Number, padding: null, allowOverlapping: null }

  private stuck = false
  private remove: (() => void) | undefined

  override update(): void {
    this.styleHost(`top:${Number(this.props.offsetTop) || 0}px;${sides(this.props.padding)}`)
  }

  override attached(): void {
    const scroller = (this.host.closest('.eden-scroll') as HTMLElement | null) ?? this.page?.scroller
    if (!scroller) return
    const check = () => {
      const top = this.host.getBoundingClientRect().top - scroller.getBoundingClientRect().top
      const stuck = scroller.scrollTop > 0 && top <= (Number(this.props.offsetTop) || 0) + 0.5
      if (stuck === this.stuck) return
      this.stuck = stuck
      this.trigger('stickontopchange', { isStickOnTop: stuck })
    }
    scroller.addEventListener('scroll', check, { passive: true })
    this.remove = () => scroller.removeEventListener('scroll', check)
  }

  override detached(): void {
    this.remove?.()
  }
}

export class ListView extends Builtin<{ padding: number[] }> {
  static tag = 'list-view'
  static override properties = { padding: null }

  override update(): void {
    this.styleHost(sides(this.props.padding))
  }
}

export class ListBuilder extends ListView {
  static override tag = 'list-builder'
  static override properties = { padding: null, list: null, childCount: null, childHeight: null }
}

interface GridProps {
  type: 'aligned' | 'masonry'
  crossAxisCount: number
  maxCrossAxisExtent: number
  mainAxisGap: number
  crossAxisGap: number
  padding: number[]
}

export class GridView extends Builtin<GridProps> {
  static tag = 'grid-view'
  static override properties = {
    type: { type: String, value: 'aligned' },
    crossAxisCount: { type: Number, value: 2 },
    maxCrossAxisExtent: Number,
    mainAxisGap: Number,
    crossAxisGap: Number,
    padding: null,
    list: null, childCount: null, childHeight: null,
  }
  static css = 'wx-grid-view,wx-grid-builder{display:grid}.eden-masonry>*{align-self:start}'

  private observers: { changes: MutationObserver; sizes: ResizeObserver } | undefined

  private get masonry(): boolean {
    return this.props.type === 'masonry'
  }

  override update(): void {
    const { host, masonry, props } = this
    const columns = props.maxCrossAxisExtent
      ? `auto-fill,minmax(min(100%,${Number(props.maxCrossAxisExtent)}px),1fr)`
      : `${Number(props.crossAxisCount) || 2},minmax(0,1fr)`
    const mainGap = Number(props.mainAxisGap) || 0
    host.classList.toggle('eden-masonry', masonry)
    this.styleHost([
      `grid-template-columns:repeat(${columns})`,
      masonry ? 'grid-auto-rows:1px;grid-auto-flow:dense' : '',
      `gap:${masonry ? 0 : mainGap}px ${Number(props.crossAxisGap) || 0}px`,
      sides(props.padding),
    ].join(';'))
    if (masonry && host.isConnected) this.attached()
  }

  /** Masonry: every item spans as many rows of one px as it is high, and falls into the first gap. */
  override attached(): void {
    if (!this.masonry || this.observers) return
    const sizes = new ResizeObserver((entries) => {
      for (const { target } of entries) this.span(target as HTMLElement)
    })
    const watch = () => { for (const child of this.host.children) sizes.observe(child) }
    const changes = new MutationObserver(watch)
    changes.observe(this.host, { childList: true })
    this.observers = { changes, sizes }
    watch()
  }

  override detached(): void {
    this.observers?.changes.disconnect()
    this.observers?.sizes.disconnect()
    this.observers = undefined
  }

  private span(item: HTMLElement): void {
    const rows = Math.ceil(item.getBoundingClientRect().height) + (Number(this.props.mainAxisGap) || 0)
    const owner = (item as { __wxElement?: GlassElement }).__wxElement
    owner?.setNodeStyle(this.masonry ? `grid-row-end:span ${Math.max(1, rows)}` : '', ITEM_STYLE)
  }
}

export class GridBuilder extends GridView {
  static override tag = 'grid-builder'
  static override css = ''
}

const box = (tag: string, names: string) => class extends Builtin {
  static tag = tag
  static override properties = Object.fromEntries(names.split(/\s+/).filter(Boolean).map((name) => [name, null]))
}

export const Snapshot = box('snapshot', 'mode')
export const ShareElement = box('share-element', `mapkey key transform duration easingFunction
  transitionOnGesture shuttleOnPush shuttleOnPop rectTweenType`)
export const OpenContainer = box('open-container', `transitionType transitionDuration closedColor
  closedElevation closeBorderRadius openColor openElevation openBorderRadius middleColor`)
export const Selection = box('selection', '')
export const NestedScrollHeader = box('nested-scroll-header', '')
export const NestedScrollBody = box('nested-scroll-body', '')

/** A sheet over the lower part of its container; dragged by its own scrolling. */
export class DraggableSheet extends Builtin<{ initialChildSize: number; minChildSize: number; maxChildSize: number }> {
  static tag = 'draggable-sheet'
  static override properties = {
    initialChildSize: { type: Number, value: 0.5 },
    minChildSize: { type: Number, value: 0.25 },
    maxChildSize: { type: Number, value: 1 },
    snap: null, snapSizes: null,
  }
  static css = `wx-draggable-sheet{display:block;position:absolute;left:0;right:0;bottom:0;overflow:hidden;
transition:height .3s}`

  private size = 0

  override update(name: string): void {
    if (name === 'initialChildSize') this.size = this.props.initialChildSize
    this.styleHost(`height:${Math.min(this.props.maxChildSize, Math.max(this.props.minChildSize, this.size)) * 100}%`)
  }

  /** DraggableSheetContext. */
  override context(): unknown {
    return {
      scrollTo: ({ size, pixels }: { size?: number; pixels?: number } = {}) => {
        const full = this.host.parentElement?.clientHeight || 1
        this.size = size ?? (pixels ?? 0) / full
        this.update('')
        this.trigger('sizeupdate', { pixels: this.size * full, size: this.size })
      },
    }
  }

  override node(): unknown {
    return this.context()
  }
}
