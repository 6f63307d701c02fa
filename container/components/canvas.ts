/**
 * `<canvas>`: `type="2d"` and `"webgl"` give the program a real canvas (`node()`), the old `canvas-id` form draws
 * through `wx.createCanvasContext`, which finds the canvas with `findCanvas` and gets its surface by `legacy()`.
 */
import type { GeneralComponent } from 'glass-easel'
import type { Runtime } from '../runtime/context'
import { Builtin, builtinOf, el } from './kit'

interface CanvasProps {
  type: string
  canvasId: string
  disableScroll: boolean
}

interface CanvasTouch {
  clientX: number
  clientY: number
  x?: number
  y?: number
}

/** What a canvas has in a mini program beside the browser's own methods. */
export interface CanvasNode extends HTMLCanvasElement {
  createImage(): HTMLImageElement
  createPath2D(path?: Path2D | string): Path2D
  createImageData(width: number, height: number): ImageData
  requestAnimationFrame(run: FrameRequestCallback): number
  cancelAnimationFrame(handle: number): void
}

/** Give a canvas element WeChat's extra methods; `base` is the folder for relative image paths. */
export function dressCanvas(rt: Runtime, canvas: HTMLCanvasElement, base = ''): CanvasNode {
  return Object.assign(canvas, {
    createImage: () => canvasImage(rt, base),
    createPath2D: (path?: Path2D | string) => new Path2D(path),
    createImageData: (width: number, height: number) => new ImageData(width, height),
    requestAnimationFrame: (run: FrameRequestCallback) =>
      requestAnimationFrame((time) => rt.guard('requestAnimationFrame', () => run(time))),
    cancelAnimationFrame: (handle: number) => cancelAnimationFrame(handle),
  }) as CanvasNode
}

/**
 * An image whose `src` takes any path a program may write. Remote pictures come through the host where it allows
 * that, because one that the browser fetched itself would make the canvas unreadable.
 */
export function canvasImage(rt: Runtime, base = ''): HTMLImageElement {
  const image = document.createElement('img')
  const source = Object.getOwnPropertyDescriptor(HTMLImageElement.prototype, 'src')!
  let written = ''
  Object.defineProperty(image, 'src', {
    configurable: true,
    get: () => written,
    set(path: string) {
      written = String(path)
      const url = rt.files.url(written, base)
      if (!/^https?:/.test(url)) return source.set!.call(image, url)
      rt.call('downloadFile', { url, header: [] }).then(
        ({ data }) => source.set!.call(image, URL.createObjectURL(new Blob([data as ArrayBuffer]))),
        () => source.set!.call(image, url),
      )
    },
  })
  return image
}

const TOUCHES = ['touchstart', 'touchmove', 'touchend', 'touchcancel', 'longtap', 'longpress', 'tap']

export class Canvas extends Builtin<CanvasProps> {
  static tag = 'canvas'
  static override properties = { type: String, canvasId: String, disableScroll: Boolean, width: null, height: null }
  static css = `wx-canvas{display:block;position:relative;width:300px;height:150px}
.eden-canvas{position:absolute;top:0;left:0;width:100%;height:100%}
.eden-canvas-fixed{touch-action:none}`

  readonly canvas = el('canvas', 'eden-canvas')
  private watch: ResizeObserver | undefined
  private context2d: CanvasRenderingContext2D | undefined
  private listening = false

  override create(): void {
    dressCanvas(this.rt, this.canvas)
    this.host.append(this.canvas)
  }

  override update(name: keyof CanvasProps): void {
    if (name === 'disableScroll') this.host.classList.toggle('eden-canvas-fixed', this.props.disableScroll)
  }

  override attached(): void {
    if (this.listening) return
    this.listening = true
    // Programs read x and y of a touch on a canvas, counted from its corner.
    const place = (event: { extraFields?: { [name: string]: unknown } }) => {
      const box = this.canvas.getBoundingClientRect()
      const origin = this.page?.scroller.getBoundingClientRect() ?? { left: 0, top: 0 }
      for (const list of [event.extraFields?.touches, event.extraFields?.changedTouches]) {
        for (const touch of (list as CanvasTouch[] | undefined) ?? []) {
          touch.x = touch.clientX + origin.left - box.left
          touch.y = touch.clientY + origin.top - box.top
        }
      }
    }
    for (const type of TOUCHES) this.component.addListener(type, place as never, { capture: true })
  }

  override detached(): void {
    this.watch?.disconnect()
    this.watch = undefined
  }

  override node(): unknown {
    return this.canvas
  }

  override context(): unknown {
    return undefined
  }

  /** Surface of the old interface: units are CSS px whatever the screen's density; a new size clears it. */
  legacy(): CanvasRenderingContext2D {
    this.context2d ??= this.canvas.getContext('2d')!
    this.fit()
    if (!this.watch) {
      this.watch = new ResizeObserver(() => this.fit())
      this.watch.observe(this.host)
    }
    return this.context2d
  }

  /** Pixels of the backing store for one CSS px. */
  get density(): number {
    return Math.max(1, this.rt.system.pixelRatio || window.devicePixelRatio)
  }

  private fit(): void {
    const { canvas, density, host } = this
    const width = Math.round(host.clientWidth * density)
    const height = Math.round(host.clientHeight * density)
    if (!width || !height || (canvas.width === width && canvas.height === height)) return
    canvas.width = width
    canvas.height = height
    this.context2d!.setTransform(density, 0, 0, density, 0, 0)
  }
}

/** The canvas with this `canvas-id` (or id) in the template of `owner`: a page or a component. */
export function findCanvas(owner: GeneralComponent, canvasId: string): Canvas | undefined {
  const root = owner.getBackendElement() as unknown as HTMLElement | null
  const found = [...(root?.querySelectorAll('wx-canvas') ?? [])]
    .map((host) => builtinOf(host))
    .filter((builtin): builtin is Canvas => builtin instanceof Canvas)
    .filter(({ props, component }) => props.canvasId === canvasId || component.id === canvasId)
  return found.find(({ component }) => component.ownerShadowRoot?.getHostNode() === owner) ?? found[0]
}
