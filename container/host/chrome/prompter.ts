/** Asks the person by sheets. One program's questions wait for each other, and for the program to be in front. */
import type { Answers, OpenPanel, Panel, Prompter, PromptPolicy, Question } from '../prompt'
import { automaticAnswer } from '../prompt'
import { button, h } from './dom'
import type { SheetLayer } from './sheet'
import type { Words } from './strings'

/** Questions that may wait; a program that asks more gets a refusal. */
const MAX_WAITING = 20

/** Who asks, as the person sees it. */
export interface Asker {
  name(): string
  icon(): HTMLElement
  onAsk(question: Question): void
}

type Answer = Answers[Question['kind']]
/** Shows one thing and calls `done` once; gives the function that takes it away. */
type Show = (done: () => void) => () => void

export class SheetPrompter implements Prompter {
  readonly interactive: boolean
  private waiting: Show[] = []
  private shown: (() => void) | undefined
  private visible = false
  private ended = false

  constructor(
    private readonly sheets: SheetLayer, private readonly say: Words, private readonly policy: PromptPolicy,
    private readonly asker: Asker,
  ) {
    this.interactive = policy === 'ask'
  }

  ask<Q extends Question>(question: Q): Promise<Answers[Q['kind']]> {
    this.asker.onAsk(question)
    if (this.policy !== 'ask') return Promise.resolve(automaticAnswer(question, this.policy === 'grant'))
    return new Promise((resolve) => {
      const dismissed = automaticAnswer(question, false)
      this.enqueue(
        (done) => {
          const sheet = this.sheets.show(
            labelOf(question),
            this.content(question, (answer) => finish(answer)),
            () => finish(dismissed),
            { settle: true },
          )
          const finish = (answer: Answer): void => {
            sheet.close()
            resolve(answer as Answers[Q['kind']])
            done()
          }
          return () => finish(dismissed)
        },
        () => resolve(dismissed),
      )
    })
  }

  panel({ title, content, fullScreen, confirmText }: Panel): OpenPanel {
    let finish: (confirmed: boolean) => void = () => {}
    let early = false
    const done = new Promise<boolean>((resolve) => {
      if (this.policy !== 'ask') return resolve(false)
      this.enqueue(
        (next) => {
          const actions = h(
            'div',
            { class: 'actions' },
            button(this.say('close'), 'act', () => finish(false)),
          )
          if (confirmText) actions.append(button(confirmText, 'act main', () => finish(true)))
          const sheet = this.sheets.show(
            title,
            [this.header(), h('h2', {}, title), h('div', { class: 'body' }, content), actions],
            () => finish(false),
            { full: fullScreen ?? false },
          )
          finish = (confirmed) => {
            finish = () => {}
            sheet.close()
            resolve(confirmed)
            next()
          }
          if (early) finish(false)
          return () => finish(false)
        },
        () => resolve(false),
      )
    })
    return { done, close: () => { early = true; finish(false) } }
  }

  /** The program is in front: its questions may be seen. */
  setVisible(visible: boolean): void {
    this.visible = visible
    this.next()
  }

  /** The program ended: everything is answered by dismissal. */
  end(): void {
    this.ended = true
    this.visible = true
    this.shown?.()
    this.next()
  }

  private enqueue(show: Show, refuse: () => void): void {
    if (this.ended || this.waiting.length >= MAX_WAITING) return refuse()
    this.waiting.push(show)
    this.next()
  }

  private next(): void {
    if (this.shown || !this.visible) return
    const show = this.waiting.shift()
    if (!show) return
    let finished = false
    const dismiss = show(() => {
      finished = true
      this.shown = undefined
      this.next()
    })
    if (finished) return
    this.shown = dismiss
    if (this.ended) dismiss()
  }

  private header(): HTMLElement {
    return h('header', {}, this.asker.icon(), this.asker.name())
  }

  private content(question: Question, answer: (value: Answer) => void): Node[] {
    const { say } = this
    const choice = (no: string, noValue: Answer, yes: string, yesValue: () => Answer): HTMLElement =>
      h(
        'div',
        { class: 'actions' },
        button(no, 'act', () => answer(noValue)),
        button(yes, 'act main', () => answer(yesValue())),
      )
    switch (question.kind) {
      case 'permission':
        return [
          this.header(), h('h2', {}, `${say('asks')} ${question.title}`), h('p', { class: 'text' }, question.reason),
          choice(say('refuse'), false, say('allow'), () => true),
        ]
      case 'login':
        return [
          this.header(),
          h('h2', {}, question.title),
          ...question.items.map((item) => h('p', { class: 'text' }, `• ${item}`)),
          choice(say('refuse'), false, say('allow'), () => true),
        ]
      case 'confirm':
        return [
          this.header(), h('h2', {}, question.title), h('p', { class: 'text' }, question.content ?? ''),
          choice(question.cancelText ?? say('cancel'), false, question.confirmText ?? say('confirm'), () => true),
        ]
      case 'choose': {
        const items = question.items.map((item, index) => button(item, 'item', () => answer(index)))
        items.push(button(say('cancel'), 'item last', () => answer(-1)))
        return [
          this.header(),
          ...(question.title ? [h('p', { class: 'text' }, question.title)] : []),
          h('div', { class: 'items body centre' }, ...items),
        ]
      }
      case 'list': {
        const inputs = question.items.map(({ checked }) =>
          h('input', { type: question.multiple ? 'checkbox' : 'radio', name: 'item', checked: checked ?? false }))
        const items = question.items.map(({ text, detail }, index) =>
          h(
            'label',
            { class: 'item' },
            h('span', {}, text, ...(detail ? [h('small', {}, detail)] : [])),
            inputs[index]!,
          ),
        )
        const chosen = (): number[] => inputs.flatMap((input, index) => (input.checked ? [index] : []))
        return [
          this.header(), h('h2', {}, question.title), h('div', { class: 'items body' }, ...items),
          choice(say('cancel'), null, question.confirmText ?? say('confirm'), chosen),
        ]
      }
      case 'text': {
        const field = question.multiline
          ? h('textarea', { class: 'field', rows: '4' })
          : h('input', { class: 'field', type: question.type ?? 'text' })
        field.value = question.value ?? ''
        field.placeholder = question.placeholder ?? ''
        field.setAttribute('aria-label', question.title)
        if (question.maxLength !== undefined) field.maxLength = question.maxLength
        if (!question.multiline) {
          field.addEventListener('keydown', (event) => {
            if ((event as KeyboardEvent).key === 'Enter') answer(field.value)
          })
        }
        return [
          this.header(),
          h('h2', {}, question.title),
          field,
          choice(say('cancel'), null, say('confirm'), () => field.value),
        ]
      }
    }
  }
}

const labelOf = (question: Question): string => question.title ?? ''
