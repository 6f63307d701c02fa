/** The sheet on which the person says whether programs may tell how they are used. */
import type { Collect, Consent } from '../host'
import type { Say } from './words'

export class ConsentSheet {
  constructor(
    private readonly dialog: HTMLDialogElement, private readonly collect: Collect, private readonly say: Say,
    private readonly name: () => string,
  ) {}

  /** Resolves when it is closed. */
  async open(): Promise<void> {
    const { dialog, say } = this
    const state = await this.collect.consent()
    const title = document.createElement('h2')
    title.id = 'consent-title'
    title.textContent = say('privacyTitle')
    const actions = document.createElement('div')
    actions.className = 'actions'
    actions.append(this.choice('denied', state), this.choice('granted', state))
    const said = [say('privacyText', { name: this.name() }), say('privacyState', { state: say(state) })]
    dialog.replaceChildren(title, ...said.map((text) => {
      const line = document.createElement('p')
      line.textContent = text
      return line
    }), actions)
    if (!dialog.open) dialog.showModal()
    await new Promise((closed) => dialog.addEventListener('close', closed, { once: true }))
  }

  private choice(decision: 'granted' | 'denied', state: Consent): HTMLElement {
    const button = document.createElement('button')
    button.className = decision === 'granted' ? 'main' : ''
    button.textContent = this.say(decision)
    button.autofocus = decision === state
    button.addEventListener('click', () => {
      void this.collect.consent(decision)
      this.dialog.close()
    })
    return button
  }
}
