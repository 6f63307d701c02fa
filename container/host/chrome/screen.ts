/** The phone's screen: frames at the bottom, then status bar and capsule, covers (loading, fault, desk), sheets. */
import type { SystemInfo } from '../../bridge/messages'
import { button, h } from './dom'
import { SheetLayer } from './sheet'
import { StatusBar } from './status-bar'
import type { Words } from './strings'
import { STYLE } from './style'

export interface FaultPage {
  title: string
  text: string
  /** what an engineer wants to read */
  detail: string
  actions: { label: string; run: () => void }[]
}

export interface CapsuleActions {
  menu(): void
  close(): void
}

const DOTS =
  '<svg width="20" height="8" viewBox="0 0 20 8" fill="currentColor" aria-hidden="true">' +
  '<circle cx="3" cy="4" r="1.8"/><circle cx="10" cy="4" r="3"/><circle cx="17" cy="4" r="1.8"/></svg>'
const TARGET =
  '<svg width="18" height="18" viewBox="0 0 18 18" fill="none" stroke="currentColor" stroke-width="1.8" ' +
  'aria-hidden="true"><circle cx="9" cy="9" r="7.5"/><circle cx="9" cy="9" r="2.6" fill="currentColor"/></svg>'

export class Screen {
  readonly element: HTMLElement
  /** frames are put here and never moved: a moved frame starts anew */
  readonly stage = h('div', { class: 'stage' })
  readonly sheets: SheetLayer
  private readonly status: StatusBar
  private readonly capsule: HTMLElement
  private readonly cover = h('div', { class: 'cover', hidden: true })
  private readonly holder = h('div', { style: 'width:100%;height:100%' })

  constructor(container: HTMLElement, private readonly say: Words, chrome: boolean, actions: CapsuleActions) {
    const root = this.holder.attachShadow({ mode: 'open' })
    const menu = button('', '', () => actions.menu())
    const close = button('', '', () => actions.close())
    menu.setAttribute('aria-label', say('menu'))
    close.setAttribute('aria-label', say('close'))
    // Constant markup of our own.
    menu.innerHTML = DOTS
    close.innerHTML = TARGET
    this.status = new StatusBar(say)
    this.capsule = h('div', { class: 'capsule', role: 'group', 'aria-label': say('program') }, menu, close)
    this.element = h('div', { class: 'phone' }, this.stage, this.cover, this.status.element, this.capsule)
    this.status.element.hidden = this.capsule.hidden = !chrome
    this.sheets = new SheetLayer(this.element, [this.stage, this.cover, this.capsule])
    const style = h('style')
    style.textContent = STYLE
    root.append(style, this.element)
    container.append(this.holder)
  }

  /** Places and colours from the phone's measures. */
  layout(system: SystemInfo): void {
    const { statusBarHeight, menuButton, safeArea, screenHeight, theme } = system
    this.element.classList.toggle('dark', theme === 'dark')
    this.element.style.setProperty('--top', `${safeArea.top}px`)
    this.element.style.setProperty('--bottom', `${Math.max(0, screenHeight - safeArea.bottom)}px`)
    this.status.element.style.height = `${statusBarHeight}px`
    // A phone that lies has none; in a real phone's browser the real one is above.
    this.status.element.style.display = statusBarHeight > 0 ? '' : 'none'
    Object.assign(this.capsule.style, {
      left: `${menuButton.left}px`,
      top: `${menuButton.top}px`,
      width: `${menuButton.width}px`,
      height: `${menuButton.height}px`,
    })
  }

  /** The colour of status bar and capsule: white over dark navigation bars. */
  setTextStyle(style: 'black' | 'white'): void {
    this.element.classList.toggle('light-text', style === 'white')
  }

  setNetwork(networkType: string): void { this.status.setNetwork(networkType) }

  // ---- covers ------------------------------------------------------------------------------------------------

  showLoading(name: string, icon: HTMLElement): (done: number | undefined) => void {
    const bar = h('div', { class: 'bar endless', role: 'progressbar', 'aria-label': this.say('loading') }, h('i'))
    this.show('loading', icon, h('strong', {}, name), bar)
    return (done) => {
      bar.classList.toggle('endless', done === undefined)
      bar.style.setProperty('--done', String(done ?? 0))
      if (done !== undefined) bar.setAttribute('aria-valuenow', String(Math.round(done * 100)))
    }
  }

  showFault({ title, text, detail, actions }: FaultPage): void {
    this.show(
      'fault',
      h('h1', { role: 'alert' }, title),
      h('p', {}, text),
      ...(detail ? [h('code', {}, detail)] : []),
      h(
        'div',
        { class: 'actions' },
        ...actions.map(({ label, run }, index) => button(label, index === 0 ? 'act main' : 'act', run)),
      ),
    )
  }

  showDesk(programs: { name: string; icon: HTMLElement; run: () => void }[]): void {
    const tiles = programs.map(({ name, icon, run }) => {
      const tile = button('', 'tile', run)
      tile.append(icon, h('span', {}, name))
      return tile
    })
    this.show('desk', h('p', {}, this.say(tiles.length ? 'desk' : 'noDesk')), h('div', { class: 'tiles' }, ...tiles))
  }

  private show(kind: string, ...content: (Node | string)[]): void {
    this.cover.className = `cover ${kind}`
    this.cover.replaceChildren(...content)
    this.cover.hidden = false
  }

  /** Which cover is shown. */
  get covered(): string | undefined { return this.cover.hidden ? undefined : this.cover.classList[1] }

  uncover(): void {
    this.cover.hidden = true
    this.cover.replaceChildren()
  }

  destroy(): void {
    this.status.destroy()
    this.holder.remove()
  }
}

/** A program's picture: its icon, or the first letter of its name. */
export function programIcon(name: string, source: string | undefined): HTMLElement {
  const icon = h('div', { class: 'icon', 'aria-hidden': 'true' })
  if (source) icon.append(h('img', { src: source, alt: '' }))
  else icon.append([...name][0] ?? '·')
  return icon
}
