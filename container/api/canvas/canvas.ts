/** wx.* around `<canvas>`: the old drawing context, pictures and pixels, canvases off screen. */
import type { Runtime } from '../../runtime/context'
import type { Canvas } from '../../components/canvas'
import { canvasImage, dressCanvas, findCanvas } from '../../components/canvas'
import type { AreaFactory } from '../kit'
import { fail, publish, requireParameter } from '../kit'
import { blobBytes } from '../media/elements'
import { componentOf } from '../select'
import type * as Drawing from './canvas-drawing.chunk'
import { CanvasContext, type Action } from './context'

/** Work on one canvas happens in order: a picture taken after a draw shows it, though images load in between. */
const queues = new WeakMap<HTMLCanvasElement, Promise<unknown>>()

function enqueue<T>(canvas: HTMLCanvasElement, work: () => Promise<T> | T): Promise<T> {
  const result = (queues.get(canvas) ?? Promise.resolve()).then(work)
  queues.set(
    canvas,
    result.catch(() => undefined),
  )
  return result
}

export const canvas: AreaFactory = (rt) => {
  const drawing = () => rt.chunk('canvas-drawing') as Promise<typeof Drawing>

  const find = (canvasId: unknown, component: unknown): Canvas | undefined => {
    const page = rt.router.current()
    const owner = componentOf(component) ?? page?.component
    return owner && findCanvas(owner, String(canvasId))
  }

  const submit =
    (canvasId: string, component: unknown) =>
    (actions: Action[], reserve: boolean, done: () => void): void => {
      const base = baseOf(rt)
      // A canvas that is not in the document yet comes with the render that is due.
      setTimeout(() => {
        const found = find(canvasId, component)
        if (!found) return console.warn(`canvas "${canvasId}" is not found`)
        const context = found.legacy()
        enqueue(context.canvas, async () => {
          const { draw } = await drawing()
          const report = (error: unknown): void =>
            void rt.guard('canvas', () => {
              throw error
            })
          await draw(
            { canvas: context.canvas, density: found.density },
            actions,
            reserve,
            (path) => load(rt, path, base),
            report,
          )
        }).then(
          () => rt.guard('CanvasContext.draw', done),
          (error) =>
            rt.guard('CanvasContext.draw', () => {
              throw error
            }),
        )
      }, 0)
    }

  /** The canvas of an options object, its density and the area asked for in the program's units. */
  const surfaceOf = async (
    options: any,
    component: unknown,
  ): Promise<{ surface: Drawing.Surface; area: Drawing.Area; density: number }> => {
    const given = options.canvas as HTMLCanvasElement | undefined
    if (!given && options.canvasId === undefined)
      throw fail('parameter error: parameter.canvasId should be String instead of Undefined;')
    const found = given ? undefined : find(options.canvasId, component)
    if (!given && !found) throw fail('canvas is empty')
    const element = given ?? (found!.props.type ? found!.canvas : found!.legacy().canvas)
    const density = given || found!.props.type ? 1 : found!.density
    await enqueue(element, () => undefined)
    const x = Number(options.x) || 0
    const y = Number(options.y) || 0
    const width = Number(options.width) || element.width / density - x
    const height = Number(options.height) || element.height / density - y
    return { surface: { canvas: element, density }, area: { x, y, width, height }, density }
  }

  /** These take the component as a second argument, which the kit's common form has no place for. */
  const withComponent =
    (name: string, run: (options: any, component: unknown) => Promise<object | void>) =>
    (options: any, component?: unknown) =>
      publish(rt, name, (given) => run(given, component))(options)

  return {
    async: {
      drawCanvas(options) {
        requireParameter(options, 'canvasId', 'String')
        requireParameter(options, 'actions', 'Array')
        submit(options.canvasId, undefined)(options.actions, options.reserve === true, () => undefined)
      },
    },
    sync: {
      createCanvasContext: (canvasId: string, component?: unknown) =>
        new CanvasContext(canvasId, submit(canvasId, component)),
      createContext: () => new CanvasContext('', (_actions, _reserve, done) => done()),
      createOffscreenCanvas(options: any = {}, height?: number) {
        const size = typeof options === 'number' ? { width: options, height } : options
        const made = document.createElement('canvas')
        made.width = Number(size.width) || 300
        made.height = Number(size.height) || 150
        return dressCanvas(rt, made, baseOf(rt))
      },
      canvasToTempFilePath: withComponent('canvasToTempFilePath', async (options, component) => {
        const { surface, area, density } = await surfaceOf(options, component)
        if (!surface.canvas.width || !surface.canvas.height) throw fail('canvas is empty')
        const size = {
          width: Number(options.destWidth) || area.width * density,
          height: Number(options.destHeight) || area.height * density,
        }
        const jpeg = options.fileType === 'jpg' || options.fileType === 'jpeg'
        const quality = Number(options.quality)
        const blob = await (
          await drawing()
        )
          .encode(surface, area, size, jpeg ? 'image/jpeg' : 'image/png', quality > 0 && quality <= 1 ? quality : 1)
          .catch((error: Error) => {
            throw fail(error.name === 'SecurityError' ? 'canvas has been tainted by cross-origin data' : error.message)
          })
        if (!blob) throw fail('create bitmap failed')
        return { tempFilePath: rt.files.addTemp(await blobBytes(blob), jpeg ? 'jpg' : 'png') }
      }),
      canvasGetImageData: withComponent('canvasGetImageData', async (options, component) => {
        const { surface, area } = await surfaceOf(options, component)
        const { width, height, data } = (await drawing()).readPixels(surface, area)
        return { width, height, data }
      }),
      canvasPutImageData: withComponent('canvasPutImageData', async (options, component) => {
        const { surface, area } = await surfaceOf(options, component)
        requireParameter(options, 'width', 'Number')
        ;(await drawing()).writePixels(surface, area, options.data)
      }),
    },
    partial: {
      'createOffscreenCanvas.object.type': 'the kind is decided by getContext, as in browsers',
    },
  }
}

const baseOf = (rt: Runtime): string => (rt.router.current()?.route ?? '').replace(/[^/]*$/, '')

function load(rt: Runtime, path: string, base: string): Promise<HTMLImageElement | undefined> {
  return new Promise((resolve) => {
    const image = canvasImage(rt, base)
    image.onload = () => resolve(image)
    image.onerror = () => {
      console.warn(`canvas image "${path}" could not be loaded`)
      resolve(undefined)
    }
    image.src = path
  })
}
