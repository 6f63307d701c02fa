/** Small DOM helpers of the shell. */

type Attributes = { [name: string]: string | boolean | undefined }

/** An element with attributes (true is an empty one, false and undefined none) and children. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) node.setAttribute(name, value === true ? '' : value)
  }
  node.append(...children)
  return node
}

const PATHS = {
  back: '<path d="M8.6 2.2 1.8 10l6.8 7.8" stroke-width="2"/>',
  home: '<path d="M3 10.2V21h7v-6.5h4V21h7V10.2M1.5 11.5 12 2.5l10.5 9" stroke-width="1.8"/>',
  success: '<path d="M3.5 12.8 9 18.3 20.7 6.5" stroke-width="1.7"/>',
  error: '<circle cx="12" cy="12" r="9.8" stroke-width="1.3"/><path d="M12 6.5v7.2M12 16v1.6" stroke-width="1.5"/>',
  loading: '<path d="M12 2.2A9.8 9.8 0 1 1 2.2 12" stroke-width="1.7"/>',
}

/** A stroked icon in the current text colour; `size` in px, a box of `box` units wide (24 unless told). */
export function icon(name: keyof typeof PATHS, size: number, box = 24): HTMLElement {
  const node = h('span', { class: `eden-icon eden-icon-${name}`, 'aria-hidden': 'true' })
  const width = (size * box) / 24
  node.innerHTML =
    `<svg width="${width}" height="${size}" viewBox="0 0 ${box} ${name === 'back' ? 20 : 24}" fill="none" ` +
    `stroke="currentColor" stroke-linecap="round" stroke-linejoin="round">${PATHS[name]}</svg>`
  return node
}

/** Keep the Tab key inside `container` (WAI-ARIA dialog pattern). */
export function trapFocus(container: HTMLElement): void {
  container.addEventListener('keydown', (event) => {
    if (event.key !== 'Tab') return
    const stops = [...container.querySelectorAll<HTMLElement>('button,input,textarea,[tabindex="0"]')]
    const root = container.getRootNode() as Document | ShadowRoot
    const at = stops.indexOf(root.activeElement as HTMLElement)
    const next = stops[(at + (event.shiftKey ? -1 : 1) + stops.length) % stops.length]
    event.preventDefault()
    next?.focus()
  })
}

/** Milliseconds a movement of `wanted` ms may take: none when the person or a check run asks for stillness. */
export type Motion = (wanted: number) => number

/** Animate; resolves when it ended, also when the element went away or the document is hidden and draws nothing. */
export async function animate(
  element: HTMLElement,
  frames: Keyframe[],
  duration: number,
  easing = 'ease',
): Promise<void> {
  if (!duration) return
  const { finished } = element.animate(frames, { duration, easing })
  const late = new Promise((resolve) => {
    setTimeout(resolve, duration + 100)
  })
  await Promise.race([finished.catch(() => undefined), late])
}
