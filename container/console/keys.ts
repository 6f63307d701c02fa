/** Ctrl+Enter (⌘+Enter) in a field with `data-submit-keys` sends its form, as it does in every SQL editor. */
export function installKeys(): void {
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || event.isComposing) return
    const field = event.target
    if (!(field instanceof HTMLTextAreaElement) || field.dataset.submitKeys === undefined) return
    event.preventDefault()
    field.form?.requestSubmit()
  })
}
