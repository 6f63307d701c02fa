/** What the program has stored with wx.setStorage. */
import type { Wire } from '../bridge/messages'
import { button, h } from '../host/chrome/dom'
import type { Inspector } from '../host'
import { valueElement } from './value'
import type { Say } from './words'

export class StoragePanel {
  readonly element: HTMLElement
  private readonly list = h('dl', { class: 'storage' })
  private readonly used = h('span', { class: 'soft' })
  private shown = ''

  constructor(private readonly say: Say, private readonly inspector: () => Inspector | undefined, cleared: () => void) {
    const clear = button(say('clearStorage'), 'quiet', () => void this.inspector()?.clearStorage().then(cleared))
    this.element = h('div', { class: 'scroll' }, h('div', { class: 'tools spread' }, this.used, clear), this.list)
  }

  /** Read again; the list changes only when a value did, so that opened trees stay open. */
  async refresh(): Promise<void> {
    const values = (await this.inspector()?.storage()) ?? {}
    const text = JSON.stringify(values)
    if (text === this.shown) return
    this.shown = text
    const keys = Object.keys(values).sort()
    const size = keys.reduce((sum, key) => sum + key.length + values[key]!.length, 0)
    this.used.textContent = this.say('used', { size: size < 1024 ? `${size} B` : `${(size / 1024).toFixed(1)} KB` })
    this.list.replaceChildren(...(keys.length
      ? keys.flatMap((key) => [h('dt', {}, key), h('dd', {}, valueElement(parsed(values[key]!)))])
      : [h('dd', { class: 'soft' }, this.say('storageEmpty'))]))
  }
}

function parsed(json: string): Wire {
  try {
    return JSON.parse(json) as Wire
  } catch {
    return json
  }
}
