/** The console: what the program logs, its errors, and what the simulator did, with places in the author's files. */
import type { Wire } from '../bridge/messages'
import type { ObservedRecord } from '../host'
import { button, h } from '../host/chrome/dom'
import type { SourceMaps, StackFrame } from './stacks'
import { valueElement } from './value'
import type { Say } from './words'

export type Level = 'error' | 'warn' | 'info' | 'debug'
const LEVELS: readonly Level[] = ['error', 'warn', 'info', 'debug']

/** Older rows go. */
const MAX_ROWS = 1000

export interface Entry {
  level: Level
  args: Wire[]
  stack?: string | undefined
  /** said by the simulator, not by the program */
  note?: boolean
}

export class ConsolePanel {
  readonly element: HTMLElement
  /** the number of errors since the last clearing */
  onErrors: (count: number) => void = () => {}
  private readonly rows: HTMLElement
  private readonly hidden = new Set<Level>(['debug'])
  private readonly filter: HTMLInputElement
  private errors = 0
  private last: { key: string; row: HTMLElement; times: number } | undefined

  constructor(private readonly say: Say, private readonly maps: () => SourceMaps) {
    this.rows = h('div', { class: 'rows', role: 'log', 'aria-label': say('console'), tabindex: '0', 'data-empty': say('consoleEmpty') })
    this.filter = h('input', { type: 'search', placeholder: say('filter'), 'aria-label': say('filter') })
    this.filter.addEventListener('input', () => this.sift())
    const levels = LEVELS.map((level) => {
      const toggle = button(say(level), `level ${level}`, () => {
        if (!this.hidden.delete(level)) this.hidden.add(level)
        toggle.setAttribute('aria-pressed', String(!this.hidden.has(level)))
        this.sift()
      })
      toggle.setAttribute('aria-pressed', String(!this.hidden.has(level)))
      return toggle
    })
    const tools = h('div', { class: 'tools' }, this.filter,
      h('div', { class: 'levels', role: 'group', 'aria-label': say('levels') }, ...levels),
      button(say('clear'), 'quiet', () => this.clear()))
    this.element = h('div', { class: 'console' }, tools, this.rows)
  }

  add(entry: Entry): void {
    const { level, args, stack = '', note } = entry
    if (level === 'error') this.onErrors(++this.errors)
    const key = JSON.stringify([level, args, stack])
    if (this.last?.key === key) {
      this.last.row.dataset.times = String(++this.last.times)
      return
    }
    const { rows } = this
    const atEnd = rows.scrollHeight - rows.scrollTop - rows.clientHeight < 24
    const message = h('div', { class: 'message' }, ...args.flatMap((arg) => [valueElement(arg, true), ' ']))
    const row = h('div', { class: `row ${note ? 'note' : level}`, 'data-level': level }, message)
    this.last = { key, row, times: 1 }
    row.hidden = !this.passes(row)
    rows.append(row)
    while (rows.childElementCount > MAX_ROWS) rows.firstElementChild!.remove()
    if (atEnd) rows.scrollTop = rows.scrollHeight
    void this.place(row, message, stack, atEnd)
  }

  /** What would be told to the server: one line, among what is shown on demand. */
  addRecord(record: ObservedRecord): void {
    const { type, page = '', props } = record
    const name = 'name' in record ? record.name : type
    const value = 'value' in record ? record.value : undefined
    const said = type === 'error' ? record.error.message : type === 'log' ? record.message : JSON.stringify(props ?? {})
    this.add({ level: 'debug', args: [`⇡ ${name} ${page} ${value ?? ''} ${said}`.replace(/  +/g, ' ').trim()] })
  }

  clear(): void {
    this.rows.replaceChildren()
    this.last = undefined
    this.onErrors((this.errors = 0))
  }

  /** Fill in places once the source maps are there. */
  private async place(row: HTMLElement, message: HTMLElement, stack: string, atEnd: boolean): Promise<void> {
    const maps = this.maps()
    for (const text of message.querySelectorAll('.text')) text.textContent = await maps.text(text.textContent ?? '')
    const frames = await maps.frames(stack)
    const [first] = frames
    if (!first) return
    row.prepend(h('span', { class: 'place', title: placeOf(first) }, shortPlace(first)))
    if (frames.length > 1) {
      row.append(h('details', { class: 'stack' }, h('summary', {}, `${frames.length} ↴`),
        ...frames.map((frame) => h('div', {}, h('span', { class: 'soft' }, frame.name || '(anonymous)'), ` ${placeOf(frame)}`))))
    }
    row.hidden = !this.passes(row)
    if (atEnd) this.rows.scrollTop = this.rows.scrollHeight
  }

  private passes(row: HTMLElement): boolean {
    const text = this.filter.value.trim().toLowerCase()
    return !this.hidden.has(row.dataset.level as Level) && (!text || (row.textContent ?? '').toLowerCase().includes(text))
  }

  private sift(): void {
    for (const row of this.rows.children) (row as HTMLElement).hidden = !this.passes(row as HTMLElement)
  }
}

const placeOf = ({ file, line, column }: StackFrame): string => `${file}:${line}:${column}`
const shortPlace = ({ file, line }: StackFrame): string => `${file.split('/').slice(-2).join('/')}:${line}`
