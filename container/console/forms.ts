/** Niceties of forms: sent once, no changes lost, characters counted, the first mistake in view. */
import { word } from './words'

export function installForms(): void {
  document.addEventListener('submit', (event) => {
    const form = event.target as HTMLFormElement
    // what answers with a file leaves the page as it is
    if (event.defaultPrevented || form.method === 'dialog' || form.dataset.download !== undefined) return
    if (form.dataset.busy !== undefined) return event.preventDefault()
    form.dataset.busy = ''
    delete form.dataset.dirty
  })
  // after "back", the page may come out of the browser's memory as it was left
  window.addEventListener('pageshow', () => {
    for (const form of document.querySelectorAll<HTMLFormElement>('form[data-busy]')) delete form.dataset.busy
  })
  document.addEventListener('input', (event) => {
    const field = event.target as HTMLElement
    const form = field.closest<HTMLFormElement>('form[data-guard]')
    if (form) form.dataset.dirty = ''
    if (field instanceof HTMLTextAreaElement) count(field)
  })
  document.addEventListener('change', (event) => {
    const field = event.target
    if (field instanceof HTMLInputElement && field.type === 'file') nameFiles(field)
  })
  window.addEventListener('beforeunload', (event) => {
    if (document.querySelector('form[data-dirty]')) event.preventDefault()
  })
  document.querySelector<HTMLElement>('[data-errors]')?.focus()
}

export function countCharacters(root: ParentNode): void {
  for (const field of root.querySelectorAll<HTMLTextAreaElement>('textarea[data-maximum]')) count(field)
}

function count(field: HTMLTextAreaElement): void {
  const maximum = Number(field.dataset.maximum)
  const counter = document.querySelector(`[data-counter="${CSS.escape(field.id)}"]`)
  if (!maximum || !counter) return
  // as the server counts: characters, not the halves that UTF-16 makes of some
  const left = maximum - [...field.value].length
  const text = `${Math.abs(left)} ${word(left < 0 ? 'too-many' : 'remaining')}`
  if (counter.textContent !== text) counter.textContent = text
  counter.toggleAttribute('data-over', left < 0)
  field.setCustomValidity(left < 0 ? text : '')
}

function nameFiles(field: HTMLInputElement): void {
  const label = field.parentElement?.querySelector('[data-file-name]')
  const names = [...(field.files ?? [])].map((file) => file.name)
  if (label && names.length) label.textContent = names.join(', ')
}
