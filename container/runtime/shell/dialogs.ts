/** Modal, action sheet and plain layers: what lies over the whole screen and takes the keyboard. */
import type { Shell } from '../context'
import type { Motion } from './dom'
import { animate, h, trapFocus } from './dom'

type ModalOptions = Parameters<Shell['modal']>[0]
type ModalResult = Awaited<ReturnType<Shell['modal']>>
type ActionOptions = Parameters<Shell['actionSheet']>[0]

export interface Dialogs {
  modal(options: ModalOptions): Promise<ModalResult>
  actionSheet(options: ActionOptions): Promise<number>
  layer: Shell['layer']
  /** Close the topmost as Escape or the phone's back button does; false if there is none. */
  dismiss(): boolean
}

let serial = 0

/** `pages` gets `inert` while something lies over it. */
export function createDialogs(
  layers: HTMLElement,
  pages: HTMLElement,
  t: (key: string) => string,
  motion: Motion,
): Dialogs {
  const open: { dismiss?: () => void }[] = []

  /** Put an element over the pages; the result gives the focus back and takes it away when `fade` has ended. */
  const raise = (element: HTMLElement, dismiss?: () => void): ((fade?: Promise<unknown>) => void) => {
    const before = document.activeElement as HTMLElement | null
    const entry = { dismiss }
    open.push(entry)
    pages.inert = true
    layers.append(element)
    return (fade) => {
      const at = open.indexOf(entry)
      if (at < 0) return
      open.splice(at, 1)
      pages.inert = open.length > 0
      if (before?.isConnected) before.focus({ preventScroll: true })
      if (!fade) return element.remove()
      element.inert = true
      void fade.then(() => element.remove())
    }
  }
  const onEscape = (element: HTMLElement, run: () => void): void =>
    element.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return
      event.stopPropagation()
      run()
    })

  const modal = (options: ModalOptions): Promise<ModalResult> =>
    new Promise((resolve) => {
      const id = `eden-dialog-${++serial}`
      const title = options.title ? h('h2', { id: `${id}-title` }, options.title) : undefined
      const field = options.editable
        ? h('textarea', {
            rows: '1',
            placeholder: options.placeholderText,
            'aria-label': options.placeholderText || options.title,
          })
        : undefined
      if (field) field.value = options.content ?? ''
      const content =
        !field && options.content
          ? h('div', { class: 'eden-dialog-content', id: `${id}-text` }, options.content)
          : undefined
      const confirm = h('button', { type: 'button', class: 'eden-dialog-confirm' }, options.confirmText || t('confirm'))
      if (options.confirmColor) confirm.style.color = options.confirmColor
      const actions = h('div', { class: 'eden-dialog-actions' })
      const withCancel = options.showCancel !== false
      const cancel = h('button', { type: 'button', class: 'eden-dialog-cancel' }, options.cancelText || t('cancel'))
      if (options.cancelColor) cancel.style.color = options.cancelColor
      if (withCancel) actions.append(cancel)
      actions.append(confirm)
      const box = h(
        'div',
        {
          class: 'eden-dialog',
          role: 'dialog',
          'aria-modal': 'true',
          tabindex: '-1',
          'aria-labelledby': title?.id,
          'aria-describedby': content?.id,
          'aria-label': title ? undefined : options.content,
        },
        ...[title, content, field, actions].filter((node) => node !== undefined),
      )
      const mask = h('div', { class: 'eden-mask' })
      const host = h('div', { class: 'eden-dialog-host' }, mask, box)
      let settled = false
      const settle = (confirmed: boolean): void => {
        if (settled) return
        settled = true
        lower(animate(host, [{ opacity: 1 }, { opacity: 0 }], motion(100)))
        resolve({ confirm: confirmed, cancel: !confirmed, ...(field && confirmed ? { content: field.value } : {}) })
      }
      const dismiss = (): void => {
        if (withCancel) settle(false)
      }
      confirm.addEventListener('click', () => settle(true))
      cancel.addEventListener('click', () => settle(false))
      box.addEventListener('keydown', (event) => {
        if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.target instanceof HTMLButtonElement)
          return
        event.preventDefault()
        settle(true)
      })
      onEscape(host, dismiss)
      trapFocus(host)
      const lower = raise(host, dismiss)
      void animate(mask, [{ opacity: 0 }, { opacity: 1 }], motion(150))
      void animate(
        box,
        [
          { opacity: 0, transform: 'scale(1.08)' },
          { opacity: 1, transform: 'none' },
        ],
        motion(150),
      )
      ;(field ?? box).focus({ preventScroll: true })
    })

  const actionSheet = (options: ActionOptions): Promise<number> =>
    new Promise((resolve) => {
      const list = h('div', {
        class: 'eden-action-sheet',
        role: 'dialog',
        'aria-modal': 'true',
        tabindex: '-1',
        'aria-label': options.alertText || t('select'),
      })
      if (options.alertText) list.append(h('div', { class: 'eden-action-title' }, options.alertText))
      const mask = h('div', { class: 'eden-mask' })
      const host = h('div', { class: 'eden-action-host' }, mask, list)
      let settled = false
      const settle = (index: number): void => {
        if (settled) return
        settled = true
        void animate(mask, [{ opacity: 1 }, { opacity: 0 }], motion(200))
        lower(animate(list, [{ transform: 'none' }, { transform: 'translateY(100%)' }], motion(200)))
        resolve(index)
      }
      const dismiss = (): void => settle(-1)
      options.itemList.forEach((text, index) => {
        const item = h('button', { type: 'button', class: 'eden-sheet-item' }, text)
        if (options.itemColor) item.style.color = options.itemColor
        item.addEventListener('click', () => settle(index))
        list.append(item)
      })
      const cancel = h('button', { type: 'button', class: 'eden-sheet-item eden-sheet-cancel' }, t('cancel'))
      cancel.addEventListener('click', dismiss)
      mask.addEventListener('click', dismiss)
      list.append(cancel)
      onEscape(host, dismiss)
      trapFocus(host)
      const lower = raise(host, dismiss)
      void animate(mask, [{ opacity: 0 }, { opacity: 1 }], motion(200))
      void animate(
        list,
        [{ transform: 'translateY(100%)' }, { transform: 'none' }],
        motion(250),
        'cubic-bezier(.2,.8,.3,1)',
      )
      list.focus({ preventScroll: true })
    })

  return {
    modal,
    actionSheet,
    layer(content, options) {
      const host = h('div', { class: 'eden-layer' })
      if (options?.onMask) {
        const mask = h('div', { class: 'eden-mask' })
        mask.addEventListener('click', options.onMask)
        host.append(mask)
        onEscape(host, options.onMask)
      }
      host.append(content)
      return raise(host, options?.onMask)
    },
    dismiss() {
      const top = open[open.length - 1]
      top?.dismiss?.()
      return top !== undefined
    },
  }
}
