/** Size, delete button and resize handle over the image that was pressed last. */
import type { ImageTools } from './contract'

/** An image cannot be made smaller than this, px. */
const SMALLEST = 20

export class ImageFrame {
  tools: ImageTools = { size: false, toolbar: false, resize: false }
  private frame: HTMLElement | undefined

  constructor(
    private readonly area: HTMLElement,
    private readonly resized: (image: HTMLImageElement, width: number) => void,
    private readonly remove: (image: HTMLImageElement) => void,
    private readonly label: string,
  ) {
    area.addEventListener('click', (event) => {
      const target = event.composedPath()[0]
      if (target instanceof HTMLImageElement) this.show(target)
      else if (!this.frame?.contains(target as Node)) this.hide()
    })
  }

  hide(): void {
    this.frame?.remove()
    this.frame = undefined
  }

  private show(image: HTMLImageElement): void {
    this.hide()
    const { size, toolbar, resize } = this.tools
    if (!size && !toolbar && !resize) return
    const frame = this.add(undefined, 'div', 'eden-editor-frame')
    this.frame = frame
    this.area.append(frame)
    const text = size ? this.add(frame, 'span', 'eden-editor-size') : undefined
    const place = () => {
      const box = image.getBoundingClientRect()
      const origin = this.area.getBoundingClientRect()
      Object.assign(frame.style, {
        left: `${box.left - origin.left}px`,
        top: `${box.top - origin.top}px`,
        width: `${box.width}px`,
        height: `${box.height}px`,
      })
      if (text) text.textContent = `${Math.round(box.width)} × ${Math.round(box.height)}`
    }
    place()
    if (toolbar) {
      const button = this.add(frame, 'button', 'eden-editor-delete')
      button.textContent = this.label
      button.addEventListener('click', () => {
        this.hide()
        this.remove(image)
      })
    }
    if (resize) this.addHandle(frame, image, place)
  }

  private addHandle(frame: HTMLElement, image: HTMLImageElement, place: () => void): void {
    const handle = this.add(frame, 'span', 'eden-editor-handle')
    handle.addEventListener('pointerdown', (down) => {
      down.preventDefault()
      handle.setPointerCapture(down.pointerId)
      const from = image.getBoundingClientRect().width
      const move = (event: PointerEvent) => {
        this.resized(image, Math.max(SMALLEST, Math.round(from + event.clientX - down.clientX)))
        place()
      }
      handle.addEventListener('pointermove', move)
      const done = () => handle.removeEventListener('pointermove', move)
      handle.addEventListener('lostpointercapture', done, { once: true })
    })
  }

  private add(parent: HTMLElement | undefined, tag: string, name: string): HTMLElement {
    const node = document.createElement(tag)
    node.className = name
    parent?.append(node)
    return node
  }
}
