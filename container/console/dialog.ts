/**
 * Buttons that open a `<dialog>` (`data-dialog` is its id). The browser keeps the focus inside and gives it back;
 * here is what it leaves out: closing by a click beside it, and dialogs inside of menus.
 */

export function installDialogs(): void {
  document.addEventListener('click', (event) => {
    const target = event.target as Element
    const opener = target.closest<HTMLElement>('[data-dialog]')
    if (opener) open(opener)
    if (target.closest('[data-dialog-close]')) target.closest('dialog')?.close()
    if (target instanceof HTMLDialogElement && isOutside(target, event)) target.close()
  })
}

function open(opener: HTMLElement): void {
  const dialog = document.getElementById(opener.dataset.dialog ?? '')
  if (!(dialog instanceof HTMLDialogElement) || dialog.open) return
  dialog.showModal()
  const field = dialog.querySelector<HTMLElement>('textarea, input:not([type=hidden]), select')
  // a key that is held down must not answer the question which it has just opened
  ;(field ?? dialog.querySelector<HTMLElement>('[data-dialog-close]'))?.focus()
}

/** A click that began on the backdrop. One by the keyboard has no coordinates. */
function isOutside(dialog: HTMLDialogElement, { clientX, clientY, detail }: MouseEvent): boolean {
  const { left, right, top, bottom } = dialog.getBoundingClientRect()
  return detail > 0 && (clientX < left || clientX > right || clientY < top || clientY > bottom)
}
