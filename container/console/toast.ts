/** Short messages in a corner, read out politely. */

/** How long a message stays, ms: long enough to be read twice. */
const SHOWN = 5000

/** Show a message; one with `stay` remains until the function that comes back is called. */
export function toast(text: string, tone: 'neutral' | 'good' | 'bad' = 'neutral', stay = false): () => void {
  const element = document.createElement('p')
  element.className = 'toast'
  element.dataset.tone = tone
  element.textContent = text
  document.getElementById('toasts')?.append(element)
  const remove = () => element.remove()
  if (!stay) setTimeout(remove, SHOWN)
  return remove
}
