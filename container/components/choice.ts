/** What checkbox and radio have in common: a box, text beside it, a group that gathers their values. */
import { Builtin, el, fireTap, type PropertyDefinition } from './kit'
import { onTap, type LabelTarget } from './label'
import { loadTick } from './tick'

export interface ChoiceProps {
  value: string
  checked: boolean
  disabled: boolean
  color: string
  name: string
}

/** Make an element act on Space as it acts on a tap; the program sees the tap too. */
export function tapOnSpace(host: HTMLElement, disabled: () => boolean): void {
  host.addEventListener('keydown', (event) => {
    if (event.key !== ' ' || event.target !== host) return
    event.preventDefault()
    if (!disabled()) fireTap(host)
  })
}

export abstract class ChoiceGroup extends Builtin<{ name: string }> {
  static override properties: { [name: string]: PropertyDefinition } = { name: String }
  static field = true

  readonly members = new Set<Choice>()

  /** Members in document order. */
  ordered(): Choice[] {
    return [...this.members].sort((a, b) =>
      a.host.compareDocumentPosition(b.host) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1)
  }

  /** A member became checked, by the person or by the program. */
  checked(_member: Choice): void {}
  /** The person acted on a member. */
  abstract picked(member: Choice): void

  override formReset(): void {
    for (const member of this.members) member.set({ checked: false })
  }
}

export abstract class Choice extends Builtin<ChoiceProps> implements LabelTarget {
  static override properties: { [name: string]: PropertyDefinition } = {
    value: String, checked: Boolean, disabled: Boolean, color: { type: String, value: '#09BB07' }, name: String,
  }

  protected abstract readonly kind: 'checkbox' | 'radio'
  protected box!: HTMLElement
  private joined: ChoiceGroup | undefined

  protected abstract get group(): ChoiceGroup | undefined
  /** Colours of the box for the current state. */
  protected abstract paint(): void
  /** The person acted on it. */
  protected abstract activate(): void

  override create(): void {
    loadTick()
    const { host } = this
    const input = `wx-${host.tagName.slice(3).toLowerCase()}-input`
    this.box = el('div', input)
    this.slot = el('div')
    host.append(el('div', input.replace('input', 'wrapper'), this.box, this.slot))
    host.setAttribute('role', host.tagName.slice(3).toLowerCase())
    host.tabIndex = 0
    onTap(this, () => this.labelTap())
    tapOnSpace(host, () => this.props.disabled)
  }

  labelTap(): void {
    if (!this.props.disabled) this.activate()
  }

  override update(name: keyof ChoiceProps): void {
    const { checked, disabled } = this.props
    this.box.classList.toggle(`wx-${this.kind}-input-checked`, checked)
    this.box.classList.toggle(`wx-${this.kind}-input-disabled`, disabled)
    this.host.setAttribute('aria-checked', String(checked))
    this.host.setAttribute('aria-disabled', String(disabled))
    this.paint()
    if (name === 'checked' && checked) this.joined?.checked(this)
  }

  override attached(): void {
    this.joined = this.group
    this.joined?.members.add(this)
    if (this.props.checked) this.joined?.checked(this)
  }

  override detached(): void {
    this.joined?.members.delete(this)
    this.joined = undefined
  }
}
