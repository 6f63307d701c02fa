/** What the person has allowed the program, to look at and to change. */
import type { Inspector } from '../host'
import { scopeTitle, words } from '../host/chrome/strings'
import { h } from '../host/chrome/dom'
import { locale, type Say } from './words'

type Choice = 'ask' | 'granted' | 'refused'
const CHOICES: readonly Choice[] = ['ask', 'granted', 'refused']

export class PermissionsPanel {
  readonly element = h('div', { class: 'scroll' })
  /** scopes that the manifest asks for */
  declared: string[] = []
  private shown = ''

  constructor(private readonly say: Say, private readonly inspector: () => Inspector | undefined) {}

  refresh(): void {
    const setting = this.inspector()?.permissions() ?? {}
    const scopes = [...new Set([...this.declared, ...Object.keys(setting)])].sort()
    const text = JSON.stringify([scopes, setting])
    if (text === this.shown) return
    this.shown = text
    const titles = words(locale(navigator.language))
    this.element.replaceChildren(...(scopes.length
      ? scopes.map((scope) => this.row(scope, scopeTitle(titles, scope), setting[scope]))
      : [h('p', { class: 'soft' }, this.say('permissionsEmpty'))]))
  }

  private row(scope: string, title: string, granted: boolean | undefined): HTMLElement {
    const now: Choice = granted === undefined ? 'ask' : granted ? 'granted' : 'refused'
    const choose = h('select', { 'aria-label': title }, ...CHOICES.map((choice) => h('option', { value: choice, selected: choice === now }, this.say(choice))))
    choose.addEventListener('change', () => {
      void this.inspector()?.setPermission(scope, choose.value === 'ask' ? undefined : choose.value === 'granted')
    })
    return h('div', { class: 'permission' }, h('span', {}, title, h('small', { class: 'soft' }, scope)), choose)
  }
}
