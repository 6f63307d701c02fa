/** The bar at the top: where the program is, which phone it runs in, and how the build is doing. */
import { button, h } from '../host/chrome/dom'
import { UNTHROTTLED, type NetworkConditions } from '../host/network'
import { DEVICES } from './devices'
import { ICONS } from './icons'
import type { Preferences } from './preferences'
import type { Say } from './words'

/** Round trip and rate of mobile networks, as browsers' developer tools simulate them. */
const NETWORKS = {
  online: UNTHROTTLED,
  fast: { offline: false, latency: 60, kbps: 9000 },
  slow: { offline: false, latency: 400, kbps: 400 },
  offline: { offline: true, latency: 0, kbps: 0 },
} as const satisfies { [name: string]: NetworkConditions }

export interface ToolbarActions {
  back(): void
  navigate(url: string): void
  device(id: string): void
  rotate(lying: boolean): void
  dark(on: boolean): void
  network(conditions: NetworkConditions): void
  restart(): void
}

export class Toolbar {
  private readonly name = h('strong')
  private readonly state = h('span', { class: 'state', role: 'status' })
  private readonly address: HTMLInputElement
  private readonly pages = h('datalist', { id: 'pages' })

  constructor(
    bar: HTMLElement, private readonly say: Say, actions: ToolbarActions, preferences: Preferences, dark: boolean,
    phone: { url: string | null; qr: string | null },
  ) {
    const address = this.address = h('input', { id: 'address', list: 'pages', spellcheck: 'false', autocomplete: 'off', 'aria-label': say('address'), placeholder: say('address') })
    const where = h('form', { class: 'where' }, this.icon('back', actions.back), address, this.pages)
    where.addEventListener('submit', (event) => {
      event.preventDefault()
      const url = address.value.trim().replace(/^\/?/, '/')
      if (url !== '/') actions.navigate(url)
      address.blur()
    })
    const devices = this.select('device', DEVICES.map(({ id, name }) => [id, name]), preferences.device, actions.device)
    const networks = this.select('network', Object.keys(NETWORKS).map((name) => [name, say(name as keyof typeof NETWORKS)]), 'online',
      (name) => actions.network(NETWORKS[name as keyof typeof NETWORKS]))
    const mark = h('span', { class: 'mark' })
    mark.innerHTML = ICONS.mark
    bar.append(h('h1', {}, mark, this.name), where,
      h('div', { class: 'group' }, devices, this.toggle('rotate', preferences.lying, actions.rotate), this.toggle('dark', dark, actions.dark), networks),
      h('div', { class: 'group end' }, this.state, this.icon('restart', actions.restart), this.phoneButton(phone)))
  }

  setProgram(name: string, pages: string[]): void {
    this.name.textContent = name
    document.title = `${name} · Eden`
    this.pages.replaceChildren(...pages.map((page) => h('option', { value: page })))
  }

  setAddress(url: string): void {
    if (document.activeElement !== this.address) this.address.value = url
  }

  setState(text: string, kind: 'good' | 'bad' | 'lost'): void {
    this.state.textContent = text
    this.state.dataset.kind = kind
  }

  private icon(name: 'back' | 'restart' | 'rotate' | 'dark' | 'phone', run: () => void): HTMLButtonElement {
    const node = button('', 'icon', run)
    node.innerHTML = ICONS[name]
    node.title = this.say(name === 'phone' ? 'onPhone' : name)
    node.setAttribute('aria-label', node.title)
    return node
  }

  private toggle(name: 'rotate' | 'dark', on: boolean, run: (on: boolean) => void): HTMLButtonElement {
    const node = this.icon(name, () => {
      on = !on
      node.setAttribute('aria-pressed', String(on))
      run(on)
    })
    node.setAttribute('aria-pressed', String(on))
    return node
  }

  private select(label: 'device' | 'network', options: string[][], chosen: string | null, run: (value: string) => void): HTMLSelectElement {
    const node = h('select', { id: `choose-${label}`, 'aria-label': this.say(label), title: this.say(label) },
      ...options.map(([value, text = '']) => h('option', { value, selected: value === chosen }, text)))
    node.addEventListener('change', () => run(node.value))
    return node
  }

  private phoneButton({ url, qr }: { url: string | null; qr: string | null }): HTMLElement {
    const card = h('div', { id: 'on-phone', class: 'card', hidden: true })
    if (url && qr) {
      const picture = h('div', { class: 'qr', role: 'img', 'aria-label': url })
      // The server's own drawing.
      picture.innerHTML = qr
      card.append(picture, h('p', {}, this.say('onPhoneHow')), h('a', { href: url }, url))
    } else {
      card.append(h('p', {}, this.say('onPhoneOff')))
    }
    const open = this.icon('phone', () => {
      card.hidden = !card.hidden
      open.setAttribute('aria-expanded', String(!card.hidden))
    })
    open.setAttribute('aria-expanded', 'false')
    open.setAttribute('aria-controls', card.id)
    const close = (): void => {
      card.hidden = true
      open.setAttribute('aria-expanded', 'false')
    }
    const holder = h('div', { class: 'holder' }, open, card)
    document.addEventListener('pointerdown', ({ target }) => { if (!holder.contains(target as Node)) close() })
    holder.addEventListener('keydown', ({ key }) => { if (key === 'Escape') { close(); open.focus() } })
    return holder
  }
}
