/** Puts recorded actions on a canvas and reads pictures back from it; loaded with the first use of an old canvas. */
import type { Action, Gradient, Pattern } from './context'

export interface Surface {
  canvas: HTMLCanvasElement
  /** pixels of the canvas for one unit of the program's coordinates */
  density: number
}

export interface Area {
  x: number
  y: number
  width: number
  height: number
}

type LoadImage = (path: string) => Promise<CanvasImageSource | undefined>

const isPattern = (value: unknown): value is Pattern => typeof (value as Pattern | null)?.repetition === 'string'
const isGradient = (value: unknown): value is Gradient => Array.isArray((value as Gradient | null)?.stops)

/** Draw the actions in order; without `reserve` on an empty canvas with fresh settings. */
export async function draw(
  { canvas, density }: Surface,
  actions: Action[],
  reserve: boolean,
  load: LoadImage,
  report: (error: unknown) => void,
): Promise<void> {
  const images = await preload(actions, load)
  const context = canvas.getContext('2d')
  if (!context) return
  if (!reserve) {
    // Assigning a size is what empties a canvas and resets every setting, clip and path in all browsers.
    canvas.width = canvas.width
    context.setTransform(density, 0, 0, density, 0, 0)
  }
  for (const action of actions) {
    try {
      apply(context, density, action, images)
    } catch (error) {
      report(error)
    }
  }
}

async function preload(actions: Action[], load: LoadImage): Promise<Map<string, CanvasImageSource>> {
  const paths = new Set<string>()
  for (const {
    args: [value],
  } of actions) {
    if (isPattern(value)) paths.add(value.image)
  }
  for (const {
    name,
    args: [value],
  } of actions)
    if (name === 'drawImage' && typeof value === 'string') paths.add(value)
  const images = new Map<string, CanvasImageSource>()
  await Promise.all(
    [...paths].map(async (path) => {
      const image = await load(path)
      if (image) images.set(path, image)
    }),
  )
  return images
}

function apply(
  context: CanvasRenderingContext2D,
  density: number,
  { name, args, set }: Action,
  images: Map<string, CanvasImageSource>,
): void {
  const target = context as unknown as { [name: string]: any }
  if (set) {
    const [value] = args
    const paint = isGradient(value)
      ? gradient(context, value)
      : isPattern(value)
        ? pattern(context, value, images)
        : value
    if (paint !== undefined && paint !== null) target[name] = paint
  } else if (name === 'drawImage') {
    const [source, ...place] = args as [unknown, ...number[]]
    const image = typeof source === 'string' ? images.get(source) : (source as CanvasImageSource)
    if (image) target.drawImage(image, ...place)
  } else if (name === 'setTransform') {
    // The program's coordinates stay CSS px whatever the density.
    context.setTransform(density, 0, 0, density, 0, 0)
    target.transform(...args)
  } else {
    target[name](...args)
  }
}

function gradient(context: CanvasRenderingContext2D, { kind, args, stops }: Gradient): CanvasGradient {
  const [a = 0, b = 0, c = 0, d = 0] = args
  const made =
    kind === 'linear' ? context.createLinearGradient(a, b, c, d) : context.createRadialGradient(a, b, 0, a, b, c)
  for (const [offset, color] of stops) made.addColorStop(Math.min(1, Math.max(0, offset)), color)
  return made
}

function pattern(
  context: CanvasRenderingContext2D,
  { image, repetition }: Pattern,
  images: Map<string, CanvasImageSource>,
): CanvasPattern | null {
  const source = images.get(image)
  return source ? context.createPattern(source, repetition || 'repeat') : null
}

/** An area of the canvas as a canvas of `width` by `height` px. */
export function copy({ canvas, density }: Surface, area: Area, width: number, height: number): HTMLCanvasElement {
  const out = document.createElement('canvas')
  out.width = Math.max(1, Math.round(width))
  out.height = Math.max(1, Math.round(height))
  out
    .getContext('2d')!
    .drawImage(
      canvas,
      area.x * density,
      area.y * density,
      area.width * density,
      area.height * density,
      0,
      0,
      out.width,
      out.height,
    )
  return out
}

/** The area as a picture file; JPEG gets the black ground that transparent pixels have on WeChat. */
export function encode(
  surface: Surface,
  area: Area,
  size: { width: number; height: number },
  type: string,
  quality: number,
): Promise<Blob | null> {
  const picture = copy(surface, area, size.width, size.height)
  if (type === 'image/jpeg') {
    const context = picture.getContext('2d')!
    context.globalCompositeOperation = 'destination-over'
    context.fillRect(0, 0, picture.width, picture.height)
  }
  return new Promise((resolve) => picture.toBlob(resolve, type, quality))
}

export const readPixels = (surface: Surface, area: Area): ImageData =>
  copy(surface, area, area.width, area.height)
    .getContext('2d')!
    .getImageData(0, 0, Math.round(area.width), Math.round(area.height))

export function writePixels({ canvas, density }: Surface, area: Area, data: ArrayLike<number>): void {
  const width = Math.round(area.width)
  const source = document.createElement('canvas')
  source.width = width
  source.height = Math.floor(data.length / 4 / width)
  const pixels = new ImageData(Uint8ClampedArray.from(data).slice(0, width * source.height * 4), width)
  source.getContext('2d')!.putImageData(pixels, 0, 0)
  const context = canvas.getContext('2d')!
  context.save()
  context.setTransform(density, 0, 0, density, 0, 0)
  context.imageSmoothingEnabled = false
  context.clearRect(area.x, area.y, width, source.height)
  context.drawImage(source, area.x, area.y, width, source.height)
  context.restore()
}
