/** Menus (`details.more`) close by Escape, by a click elsewhere and when the focus leaves them. */

export function installMenus(): void {
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.defaultPrevented) return
    const menu = (event.target as Element).closest<HTMLDetailsElement>('details.more[open]')
    if (!menu || menu.querySelector('dialog[open]')) return
    menu.open = false
    menu.querySelector('summary')?.focus()
  })
  document.addEventListener('click', (event) => closeOthers(event.target as Element))
  document.addEventListener('focusin', (event) => closeOthers(event.target as Element))
}

function closeOthers(target: Element): void {
  for (const menu of document.querySelectorAll<HTMLDetailsElement>('details.more[open]')) {
    if (!menu.contains(target) && !menu.querySelector('dialog[open]')) menu.open = false
  }
}
