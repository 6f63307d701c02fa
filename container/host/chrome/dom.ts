/** Building elements; texts never go through HTML. */
type Attributes = { [name: string]: string | boolean | undefined }

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K, attributes: Attributes = {}, ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, '')
    else if (value !== false && value !== undefined) node.setAttribute(name, value)
  }
  node.append(...children)
  return node
}

export function button(label: string, className: string, run: () => void): HTMLButtonElement {
  const node = h('button', { type: 'button', class: className }, label)
  node.addEventListener('click', run)
  return node
}
