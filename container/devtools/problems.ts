/** Problems of the build, and what the program uses but Eden does not have. */
import { button, h } from '../host/chrome/dom'
import type { Problem, Revision } from './live'
import type { Say } from './words'

/** Errors shown on top of the phone; all are in the panel. */
const OVERLAID = 5

export interface Unsupported { what: 'api' | 'component'; name: string; page?: string }

function problemElement({ file, line, column, severity, code, message, text }: Problem): HTMLElement {
  const place = line ? `${file}:${line}:${column}` : file
  const frame = text.split('\n').slice(1).join('\n')
  return h('article', { class: `problem ${severity}` },
    h('header', {}, h('strong', {}, place), h('code', {}, code)), h('p', {}, message), ...(frame ? [h('pre', {}, frame)] : []))
}

export class ProblemsPanel {
  readonly element = h('div', { class: 'scroll' })
  onCount: (count: number, errors: boolean) => void = () => {}
  private problems: Problem[] = []
  private readonly unsupported = new Map<string, Unsupported>()

  constructor(private readonly say: Say) { this.draw() }

  setRevision(revision: Revision): void {
    this.problems = revision.problems
    this.draw()
  }

  addUnsupported(use: Unsupported): void {
    const key = `${use.what} ${use.name}`
    if (this.unsupported.has(key)) return
    this.unsupported.set(key, use)
    this.draw()
  }

  private draw(): void {
    const { problems, say } = this
    const uses = [...this.unsupported.values()]
    this.element.replaceChildren(
      ...(problems.length ? [h('h2', {}, say('buildProblems')), ...problems.map(problemElement)] : []),
      ...(uses.length ? [h('h2', {}, say('unsupported')), h('ul', { class: 'list' }, ...uses.map(({ what, name, page }) =>
        h('li', { class: 'plain' }, h('code', {}, what === 'api' ? `wx.${name}` : `<${name}>`), h('span', { class: 'soft' }, ` ${page ?? ''}`))))] : []),
      ...(problems.length + uses.length ? [] : [h('p', { class: 'soft' }, say('problemsEmpty'))]),
    )
    this.onCount(problems.length + uses.length, problems.some(({ severity }) => severity === 'error'))
  }
}

/** The errors of a build on top of the phone. What ran before runs on below. */
export class ErrorOverlay {
  readonly element = h('section', { id: 'errors', role: 'alert', hidden: true })

  constructor(private readonly say: Say) {
    this.element.addEventListener('keydown', ({ key }) => { if (key === 'Escape') this.hide() })
  }

  /** `consequence`: what is in the phone. */
  show({ problems }: Revision, consequence: 'keepsRunning' | 'startsThen' | 'restRuns'): void {
    const { say } = this
    const errors = problems.filter(({ severity }) => severity === 'error')
    const close = button('✕', 'icon', () => this.hide())
    close.setAttribute('aria-label', say('dismiss'))
    const rest = errors.length - OVERLAID
    this.element.replaceChildren(
      h('header', {}, h('div', {}, h('strong', {}, say('hasErrors')), h('p', {}, say(consequence))), close),
      h('div', { class: 'scroll' }, ...errors.slice(0, OVERLAID).map(problemElement), ...(rest > 0 ? [h('p', { class: 'soft' }, say('more', { count: rest }))] : [])),
    )
    this.element.hidden = false
  }

  hide(): void { this.element.hidden = true }
}
