/** What the capsule's menu opens: about, settings, share, home, restart, close. */
import type { Manifest } from '../package/manifest'
import type { Permissions } from '../program/permissions'
import { button, h } from './dom'
import type { SheetLayer } from './sheet'
import { scopeTitle, type Words } from './strings'

export interface MenuActions {
  /** absent: the page cannot be shared */
  share?(): void
  home(): void
  restart(): void
  close(): void
}

export interface MenuSubject {
  manifest: Manifest
  permissions: Permissions
  icon: () => HTMLElement
}

export class Menu {
  constructor(private readonly sheets: SheetLayer, private readonly say: Words) {}

  open(subject: MenuSubject, actions: MenuActions): void {
    const { say } = this
    const { manifest, icon } = subject
    const sheet = this.sheets.show(
      say('menu'),
      [
        h('header', {}, icon(), manifest.name),
        h(
          'div',
          { class: 'items body' },
          ...(
            [
              [say('about'), () => void this.about(subject)],
              [say('settings'), () => void this.settings(subject)],
              ...(actions.share ? [[say('share'), actions.share]] : []),
              [say('home'), actions.home],
              [say('restart'), actions.restart],
              [say('close'), actions.close],
              [say('cancel'), () => {}],
            ] as [string, () => void][]
          ).map(([label, run], index, all) =>
            button(label, index === all.length - 1 ? 'item last' : 'item', () => {
              sheet.close()
              run()
            }),
          ),
        ),
      ],
      () => sheet.close(),
    )
  }

  private about({ manifest, icon }: MenuSubject): void {
    const { say } = this
    const size = manifest.packages.reduce((sum, { name, size }) => sum + (name === 'maps' ? 0 : size), 0)
    const facts: [string, string][] = [
      [say('version'), manifest.version.name],
      [say('appId'), manifest.appId],
      [say('size'), `${(size / 1024).toFixed(0)} KB`],
    ]
    const sheet = this.sheets.show(say('about'), [
      h('header', {}, icon(), say('about')),
      h('h2', {}, manifest.name), h('p', { class: 'text' }, manifest.description),
      h('dl', {}, ...facts.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)])),
      h('div', { class: 'actions' }, button(say('close'), 'act', () => sheet.close())),
    ], () => sheet.close())
  }

  /** Granted and refused scopes with switches; resolves when the sheet is closed. */
  settings({ manifest, permissions, icon }: MenuSubject): Promise<void> {
    const { say } = this
    return new Promise((resolve) => {
      const items = Object.entries(permissions.all()).map(([scope, granted]) => {
        const toggle = h('input', { type: 'checkbox', role: 'switch' })
        toggle.checked = granted
        toggle.addEventListener('change', () => void permissions.set(scope, toggle.checked))
        return h('label', { class: 'item' }, h('span', {}, scopeTitle(say, scope)), toggle)
      })
      const close = (): void => {
        sheet.close()
        resolve()
      }
      const sheet = this.sheets.show(
        say('settings'),
        [
          h('header', {}, icon(), `${manifest.name} · ${say('settings')}`),
          h(
            'div',
            { class: 'items body' },
            ...(items.length ? items : [h('p', { class: 'text' }, say('noPermissions'))]),
          ),
          h('div', { class: 'actions' }, button(say('close'), 'act', close)),
        ],
        close,
      )
    })
  }
}
