/** Buttons that copy (`data-copy` holds the text) and messages that can be dismissed. */
import { toast } from './toast'
import { word } from './words'

export function installCopy(): void {
  document.addEventListener('click', (event) => {
    const target = event.target as Element
    const copy = target.closest<HTMLElement>('[data-copy]')
    if (copy) void copyText(copy.dataset.copy ?? '')
    target.closest('[data-dismiss]')?.closest('.alert')?.remove()
  })
}

async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    toast(word('copied'), 'good')
  } catch {
    // no clipboard outside of secure contexts, or refused
    toast(word('copy-failed'), 'bad')
  }
}
