/**
 * The keyboard's frame: an opaque origin, no connection, one port to the host. Its document has a title, counts, and
 * buttons for what is no secret; the keys are a canvas. Nobody but this script hears what is pressed in it.
 */
import css from './frame.css'
import { SealedKeys } from './buffer'
import { parseHash } from './hash'
import { cryptoRandom, fits, layout, pageCount, slotAt, upper, type Page, type Slot } from './layout'
import type { Opening, ToFrame, ToHost } from './messages'
import { paint } from './paint'
import { readOffer, sealValue, type Offer, type Statement } from './sealing'
import { utf8 } from '../../host/rpc/wire'
import { words, type Say } from './words'

/** Keys do nothing for so long after they appeared: a tap that was meant for the program presses none. ms */
const SETTLE = 300
/** px in which what stands above and below the keys has no place: on a phone that lies it stands beside them */
const LOW = 420
/** An offer is renewed when less than this part of its time is left. */
const FRESH = 0.25

class Keyboard {
  private readonly keys = new SealedKeys()
  private readonly say: Say
  private readonly canvas = el('canvas')
  private readonly places = el('div', { class: 'places', role: 'group' })
  private readonly dots = el('div', { class: 'dots', 'aria-hidden': 'true' })
  private readonly live = el('p', { class: 'live', role: 'status' })
  private readonly done: HTMLButtonElement
  private readonly pages: Page[]
  private page = 0
  private shifted = false
  private reading = false
  private ending = false
  /** a pointer or a key is down */
  private held = false
  /** waits until it is up, which would otherwise fall on what is below the keyboard */
  private after: (() => void) | undefined
  private readonly shown = performance.now()
  private received = performance.now()

  constructor(
    private readonly opening: Opening, private statement: Statement, private readonly post: (message: ToHost) => void,
  ) {
    const { wanted, shuffle, locale } = opening
    this.say = words(locale)
    this.pages = Array.from({ length: pageCount(wanted.kind) }, (_, number) =>
      layout(wanted.kind, number, shuffle ? cryptoRandom : undefined))
    this.done = button(this.say('done'), () => void this.finish())
    this.build()
  }

  private build(): void {
    const { opening, say } = this
    const { wanted, program, title, theme, locale, inset, room } = opening
    document.documentElement.lang = locale === 'en' ? 'en' : 'zh-CN'
    document.documentElement.dataset.theme = theme
    document.documentElement.dataset.kind = wanted.kind
    document.documentElement.style.setProperty('--inset', `${inset}px`)
    this.fit(room)
    const cancel = button(say('cancel'), () => this.post({ kind: 'cancel' }))
    const heading = el('h1', { tabindex: '-1' })
    document.title = heading.textContent = title || say(wanted.kind)
    const who = el('p', { class: 'who' })
    who.textContent = say('asks', { program })
    const keys = toggle(say('keys'), (on) => this.byKeys(on))
    const read = toggle(say('read'), (on) => {
      this.reading = on
      if (on) this.announce(say('readHint'))
    })
    this.canvas.setAttribute('role', 'img')
    this.canvas.setAttribute('aria-label', say('keyboard'))
    this.canvas.addEventListener('pointerdown', (event) => this.pointed(event))
    for (const name of ['pointerup', 'pointercancel', 'keyup'] as const) document.addEventListener(name, () => this.released())
    this.places.hidden = true
    const board = el('main', { class: 'board' }, this.canvas, this.places)
    document.body.replaceChildren(
      el('header', {}, cancel, el('div', { class: 'title' }, heading, who), this.done),
      this.dots, board, el('footer', {}, keys, read), this.live,
    )
    document.addEventListener('keydown', (event) => this.typed(event))
    new ResizeObserver(() => this.draw()).observe(this.canvas)
    const height = (): number => Math.ceil(document.body.getBoundingClientRect().height)
    new ResizeObserver(() => this.post({ kind: 'height', height: height() })).observe(document.body)
    this.counted(false)
    heading.focus()
  }

  fit(room: number): void {
    const { style, dataset } = document.documentElement
    style.setProperty('--room', `${room}px`)
    dataset.room = room < LOW ? 'low' : ''
  }

  // ---- keys ------------------------------------------------------------------------------------------------------

  private pointed(event: PointerEvent): void {
    event.preventDefault()
    if (!event.isTrusted || event.button !== 0 || performance.now() - this.shown < SETTLE) return
    const { left, top, width, height } = this.canvas.getBoundingClientRect()
    const slot = slotAt(this.pages[this.page]!, (event.clientX - left) / width, (event.clientY - top) / height)
    if (!slot) return
    this.held = true
    this.canvas.setPointerCapture(event.pointerId)
    this.use(slot)
  }

  private released(): void {
    this.held = false
    const { after } = this
    this.after = undefined
    // behind the click that belongs to it
    if (after) setTimeout(after)
  }

  private use(slot: Slot): void {
    switch (slot.action) {
      case 'key': {
        const byte = this.pages[this.page]!.bytes[slot.index]!
        this.press(this.shifted ? upper(byte) : byte)
        break
      }
      case 'space':
        this.press(0x20)
        break
      case 'delete':
        this.erase()
        break
      case 'shift':
        this.shifted = !this.shifted
        this.draw()
        break
      case 'page':
        this.page = (this.page + 1) % this.pages.length
        this.draw()
        this.place()
    }
  }

  /** A real keyboard. What it types is heard here and nowhere else. */
  private typed(event: KeyboardEvent): void {
    if (!event.isTrusted || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
    const onButton = event.target instanceof HTMLButtonElement
    this.held = true
    if (event.key === 'Escape') this.after = () => this.post({ kind: 'cancel' })
    else if (event.key === 'Backspace') this.erase()
    else if (event.key === 'Enter' && !onButton) this.after = () => void this.finish()
    else if (event.key.startsWith('Arrow') && !this.places.hidden) this.move(event.key)
    else if (event.key.length === 1 && !(onButton && event.key === ' ')) {
      const byte = event.key.charCodeAt(0)
      if (fits(this.opening.wanted.kind, byte)) this.press(byte)
      else this.announce(this.say('refused'))
    } else return
    event.preventDefault()
    event.stopPropagation()
  }

  private press(byte: number): void {
    const most = this.opening.length || this.statement.longest
    if (this.ending || this.keys.count >= most) return
    this.keys.press(byte)
    this.counted()
    if (this.keys.count !== this.opening.length) return
    if (this.held) this.after = () => void this.finish()
    else void this.finish()
  }

  private erase(): void {
    if (this.ending || !this.keys.count) return
    this.keys.delete()
    this.after = undefined
    this.counted()
  }

  private counted(tell = true): void {
    const { count } = this.keys
    const { length } = this.opening
    this.dots.replaceChildren(...Array.from({ length: Math.max(count, length || 0) }, (_, place) =>
      el('i', place < count ? { class: 'full' } : {})))
    this.done.setAttribute('aria-disabled', String(count < this.least))
    if (!tell) return
    this.announce(length ? this.say('countOf', { count, length }) : this.say('count', { count }))
    this.post({ kind: 'count', count })
  }

  private get least(): number { return this.opening.length || this.statement.shortest }

  private announce(text: string): void { this.live.textContent = text }

  // ---- key by key, for those who do not see the canvas -------------------------------------------------------------

  private byKeys(on: boolean): void {
    this.places.hidden = !on
    this.place()
    if (on) (this.places.querySelector('button') as HTMLElement | null)?.focus()
  }

  /** Buttons over the keys that are named by their places. */
  private place(): void {
    if (this.places.hidden) return this.places.replaceChildren()
    const slots = this.pages[this.page]!.slots.filter(({ action }) => action !== 'none')
    this.places.replaceChildren(...slots.map((slot, number) => {
      const { action, row, column, box } = slot
      const label = action === 'key' ? this.say('place', { row, column }) : this.say(action as 'delete')
      const one = button('', (event) => { if (event.isTrusted) this.use(slot) })
      one.setAttribute('aria-label', label)
      one.tabIndex = number ? -1 : 0
      Object.assign(one.style, { left: share(box[0]), top: share(box[1]), width: share(box[2]), height: share(box[3]) })
      one.addEventListener('focus', () => this.speak(slot))
      return one
    }))
  }

  private move(key: string): void {
    const all = [...this.places.children] as HTMLElement[]
    const at = all.indexOf(document.activeElement as HTMLElement)
    const step = key === 'ArrowRight' || key === 'ArrowDown' ? 1 : -1
    const next = all[(at + step + all.length) % all.length]
    for (const one of all) one.tabIndex = one === next ? 0 : -1
    next?.focus()
  }

  /** Spoken by the browser's own voice: what a key is does not enter the document. */
  private speak(slot: Slot): void {
    if (!this.reading || slot.action !== 'key' || !('speechSynthesis' in window)) return
    const byte = this.pages[this.page]!.bytes[slot.index]!
    speechSynthesis.cancel()
    const spoken = new SpeechSynthesisUtterance(String.fromCharCode(this.shifted ? upper(byte) : byte))
    spoken.lang = document.documentElement.lang
    speechSynthesis.speak(spoken)
  }

  // ---- the end -----------------------------------------------------------------------------------------------------

  private async finish(): Promise<void> {
    if (this.ending) return
    if (this.keys.count < this.least) return this.announce(this.say('short', { shortest: this.least }))
    this.ending = true
    const lifetime = this.statement.expires - this.statement.issued
    if (performance.now() - this.received > lifetime * (1 - FRESH)) this.post({ kind: 'renew' })
    else await this.seal()
  }

  async renewed(offer: Offer): Promise<void> {
    const { pins, wanted } = this.opening
    this.statement = await readOffer(offer, pins, wanted)
    this.received = performance.now()
    await this.seal()
  }

  private async seal(): Promise<void> {
    const { bound, salt, hash, algorithms } = this.opening
    const { count } = this.keys
    const expression = hash || (salt && 'sm3(password + salt)')
    const value = await this.keys.reveal(async (typed) => {
      if (!expression) return sealValue(this.statement, typed, 'typed', bound, algorithms)
      const digest = await parseHash(expression)(typed, utf8(salt))
      return sealValue(this.statement, digest, 'digest', bound, algorithms).finally(() => digest.fill(0))
    })
    this.keys.clear()
    this.post({ kind: 'done', value, count })
  }

  private draw(): void {
    paint(this.canvas, this.pages[this.page]!, {
      dark: this.opening.theme === 'dark', shifted: this.shifted,
      pageLabel: this.page === this.pages.length - 1 ? 'ABC' : this.page ? '#+=' : '?123',
    })
  }
}

function el<K extends keyof HTMLElementTagNameMap>(
  tag: K, attributes: { [name: string]: string } = {}, ...children: Node[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value)
  node.append(...children)
  return node
}

function button(label: string, run: (event: MouseEvent) => void): HTMLButtonElement {
  const node = el('button', { type: 'button' })
  node.textContent = label
  node.addEventListener('click', run)
  return node
}

function toggle(label: string, run: (on: boolean) => void): HTMLButtonElement {
  const node = button(label, () => {
    const on = node.getAttribute('aria-pressed') !== 'true'
    node.setAttribute('aria-pressed', String(on))
    run(on)
  })
  node.setAttribute('aria-pressed', 'false')
  return node
}

const share = (value: number): string => `${value * 100}%`

function start(): void {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(css)
  document.adoptedStyleSheets = [sheet]
  const take = (event: MessageEvent): void => {
    const [port] = event.ports
    if (event.source !== window.parent || !port) return
    window.removeEventListener('message', take)
    serve(port)
  }
  window.addEventListener('message', take)
  // the origin is opaque and has no name; who embeds is the only one who hears it
  window.parent.postMessage({ eden: 'keyboard' }, '*')
}

function serve(port: MessagePort): void {
  let keyboard: Keyboard | undefined
  const post = (message: ToHost): void => port.postMessage(message)
  const receive = async (message: ToFrame): Promise<void> => {
    if (message.kind === 'open') {
      if (message.hash) parseHash(message.hash)
      const statement = await readOffer(message.offer, message.pins, message.wanted)
      keyboard = new Keyboard(message, statement, post)
    } else if (message.kind === 'offer') {
      await keyboard?.renewed(message.offer)
    } else {
      keyboard?.fit(message.room)
    }
  }
  port.onmessage = ({ data }) => {
    receive(data as ToFrame).catch((error: unknown) => {
      post({ kind: 'failed', reason: error instanceof Error ? error.message : 'the keyboard has failed' })
    })
  }
}

start()
