/** Toast and loading: one bubble, as on WeChat, where either replaces the other. */
import type { Files, Shell } from '../context'
import { h, icon } from './dom'

type Options = Parameters<Shell['toast']>[0]

export interface Toast {
  /** duration in ms, 1500 unless told; loading stays until hidden when it is 0 */
  show(options: Options): void
  hide(kind: 'toast' | 'loading', only?: boolean): void
}

export function createToast(layers: HTMLElement, files: Pick<Files, 'url'>): Toast {
  // The live region exists before its text does: screen readers announce changes only.
  const host = h('div', { class: 'eden-toast-host', role: 'status', 'aria-live': 'polite', 'aria-atomic': 'true' })
  layers.append(host)
  let shown: 'toast' | 'loading' = 'toast'
  let timer: ReturnType<typeof setTimeout> | undefined
  const clear = (): void => {
    clearTimeout(timer)
    host.replaceChildren()
    host.removeAttribute('data-mask')
  }
  return {
    show({ title, icon: name = 'success', image, duration = 1500, mask }) {
      clear()
      shown = duration > 0 ? 'toast' : 'loading'
      const text = h('span', {}, title)
      const picture = image
        ? h('img', { src: files.url(image), alt: '' })
        : name === 'none'
          ? undefined
          : icon(name, 40)
      const bubble = h('div', { class: 'eden-toast', 'data-icon': picture ? (image ? 'image' : name) : undefined })
      if (picture) bubble.append(picture)
      bubble.append(text)
      host.toggleAttribute('data-mask', Boolean(mask))
      host.append(bubble)
      if (duration > 0) timer = setTimeout(clear, duration)
    },
    hide(kind, only) {
      if (!only || kind === shown) clear()
    },
  }
}
