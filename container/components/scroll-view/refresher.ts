/** The pull-to-refresh of a scroll-view: default look (three dots) or the author's `slot="refresher"`. */
import type { Element as GlassElement } from 'glass-easel'
import { animate, onDrag } from '../drag'
import { el } from '../kit'
import type { ScrollView } from './scroll-view'

export interface RefresherProps {
  refresherEnabled: boolean
  refresherThreshold: number
  refresherDefaultStyle: string
  refresherBackground: string
  refresherTriggered: boolean
  refresherTwoLevelEnabled: boolean
  refresherTwoLevelTriggered: boolean
  refresherTwoLevelThreshold: number
}

/** As `refresherstatuschange` of Skyline counts. */
enum Status { idle, canRefresh, refreshing, completed }

/** The farther the pull, the less it moves. */
const resist = (distance: number): number => distance / (1 + distance / 400)

/** Style segment for what overrides the author (StyleSegmentIndex.TEMP_EXTRA). */
const OVER = 3

export class Refresher {
  private readonly box = el('div', 'eden-refresher')
  private offset = 0
  private status: Status = Status.idle
  private stop: (() => void) | undefined
  private custom: GlassElement | undefined

  constructor(private readonly view: ScrollView) {
    view.host.classList.add('eden-scroll-host', 'eden-scroll-pull')
    view.host.insertBefore(this.box, view.main)
    this.box.append(el('div', 'eden-refresher-dots', el('i'), el('i'), el('i')))
    this.place(0)
    onDrag(view.main, {
      axis: () => (view.props.refresherEnabled ? 'y' : 'none'),
      claim: (_, dy) => dy > 0 && view.main.scrollTop <= 0,
      move: (_, dy) => this.pull(Math.max(0, resist(dy + (this.status === Status.refreshing ? this.threshold : 0)))),
      end: () => this.release(),
    })
  }

  update(name: keyof RefresherProps): void {
    const { props } = this.view
    if (name === 'refresherBackground') this.box.style.background = props.refresherBackground
    else if (name === 'refresherDefaultStyle') {
      this.box.style.color = props.refresherDefaultStyle === 'white' ? '#fff' : '#000'
      this.box.firstElementChild!.toggleAttribute('hidden', props.refresherDefaultStyle === 'none')
    } else if (name === 'refresherTriggered') {
      if (props.refresherTriggered) this.start()
      else this.close()
    } else if (name === 'refresherEnabled' && !props.refresherEnabled) this.close()
  }

  /** Show the refreshing state (refresher-triggered, triggerRefresh). */
  start(): void {
    if (this.status === Status.refreshing) return
    this.setStatus(Status.refreshing)
    this.moveTo(this.threshold)
    this.view.trigger('refresherrefresh', { dy: this.threshold })
  }

  close(): void {
    if (this.status !== Status.refreshing) return
    this.setStatus(Status.completed)
    this.moveTo(0, () => {
      this.view.trigger('refresherrestore', { dy: 0 })
      this.setStatus(Status.idle)
    })
  }

  private get threshold(): number {
    return Number(this.view.props.refresherThreshold) || 45
  }

  private pull(offset: number): void {
    this.stop?.()
    this.place(offset)
    if (this.status === Status.refreshing) return
    this.view.trigger('refresherpulling', { dy: offset, p: offset / this.threshold })
    this.setStatus(offset >= this.threshold ? Status.canRefresh : Status.idle)
  }

  private release(): void {
    if (this.status === Status.refreshing) return this.moveTo(this.threshold)
    if (this.status === Status.canRefresh) {
      this.view.trigger('refresherwillrefresh', { dy: this.offset })
      this.start()
      // The program answers with refresher-triggered; it keeps the property and the look in step.
      this.view.set({ refresherTriggered: true })
    } else this.moveTo(0, () => this.view.trigger('refresherabort', { dy: 0 }))
  }

  private setStatus(status: Status): void {
    if (this.status === status) return
    this.status = status
    this.box.classList.toggle('eden-refreshing', status === Status.refreshing)
    this.view.trigger('refresherstatuschange', { status, dy: this.offset })
  }

  private moveTo(offset: number, done?: () => void): void {
    const from = this.offset
    this.stop?.()
    this.stop = animate((elapsed) => {
      const t = Math.min(1, elapsed / 200)
      this.place(from + (offset - from) * (1 - (1 - t) ** 3))
      if (t === 1) done?.()
      return t < 1
    })
  }

  private place(offset: number): void {
    this.offset = offset
    const { view } = this
    this.box.style.height = `${offset}px`
    view.main.style.transform = offset ? `translateY(${offset}px)` : ''
    this.placeCustom(offset)
  }

  /**
   * The author's own refresher is a child of the scrolled content (moving it in the DOM would break the
   * framework's bookkeeping), so it is laid over the gap above: out of the flow, as far up as the content is down.
   */
  private placeCustom(offset: number): void {
    const { view } = this
    const children = view.component.childNodes as GlassElement[]
    const custom = (this.custom ??= children.find((child) => child.slot === 'refresher'))
    if (!custom) return
    this.box.firstElementChild!.setAttribute('hidden', '')
    view.main.style.transform = ''
    view.main.style.paddingTop = offset ? `${offset}px` : ''
    const shown = offset ? `clip-path:inset(0 0 calc(100% - ${offset}px) 0)` : 'visibility:hidden'
    custom.setNodeStyle(`position:absolute;top:0;left:0;right:0;${shown}`, OVER)
  }
}
