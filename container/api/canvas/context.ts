/**
 * CanvasContext of the old canvas (`canvas-id`): it only writes down what is to be drawn; `draw` hands the list to
 * the canvas. Methods and properties are those of CanvasRenderingContext2D plus WeChat's `set…`.
 */

/** Either a call of a method or (with `set`) a property to be set on the real context. */
export interface Action {
  name: string
  args: unknown[]
  set?: boolean
}

export class Gradient {
  readonly stops: [number, string][] = []
  constructor(
    readonly kind: 'linear' | 'circular',
    readonly args: number[],
  ) {}
  addColorStop(offset: number, color: string): void {
    this.stops.push([offset, color])
  }
}

export class Pattern {
  constructor(
    readonly image: string,
    readonly repetition: string,
  ) {}
}

const METHODS = [
  'arc',
  'arcTo',
  'beginPath',
  'bezierCurveTo',
  'clearRect',
  'clip',
  'closePath',
  'drawImage',
  'ellipse',
  'fill',
  'fillRect',
  'lineTo',
  'moveTo',
  'quadraticCurveTo',
  'rect',
  'restore',
  'rotate',
  'save',
  'scale',
  'setTransform',
  'stroke',
  'strokeRect',
  'transform',
  'translate',
]
const PROPERTIES = [
  'fillStyle',
  'strokeStyle',
  'globalAlpha',
  'globalCompositeOperation',
  'lineCap',
  'lineDashOffset',
  'lineJoin',
  'lineWidth',
  'miterLimit',
  'shadowBlur',
  'shadowColor',
  'shadowOffsetX',
  'shadowOffsetY',
  'textAlign',
  'textBaseline',
]
/** set… methods that only set a property */
const SETTERS = [
  'FillStyle',
  'StrokeStyle',
  'GlobalAlpha',
  'LineCap',
  'LineJoin',
  'LineWidth',
  'MiterLimit',
  'TextAlign',
]

let measure: CanvasRenderingContext2D | null | undefined

export class CanvasContext {
  [name: string]: any
  private actions: Action[] = []
  private currentFont = '10px sans-serif'

  /** `submit` draws a list of actions; `done` is called when they are on the canvas. */
  constructor(
    readonly canvasId: string,
    private readonly submit: (actions: Action[], reserve: boolean, done: () => void) => void,
  ) {}

  draw(reserve?: boolean | (() => void), done?: () => void): void {
    const { actions } = this
    this.actions = []
    const callback = typeof reserve === 'function' ? reserve : done
    this.submit(actions, reserve === true, () => {
      if (typeof callback === 'function') callback()
    })
  }

  /** For wx.drawCanvas; empties the list. */
  getActions(): Action[] {
    const { actions } = this
    this.actions = []
    return actions
  }

  clearActions(): void {
    this.actions = []
  }

  createLinearGradient(x0: number, y0: number, x1: number, y1: number): Gradient {
    return new Gradient('linear', [x0, y0, x1, y1])
  }
  createCircularGradient(x: number, y: number, r: number): Gradient {
    return new Gradient('circular', [x, y, r])
  }
  createPattern(image: string, repetition: string): Pattern {
    return new Pattern(image, repetition)
  }

  measureText(text: unknown): { width: number } {
    measure ??= document.createElement('canvas').getContext('2d')
    if (!measure) return { width: 0 }
    measure.font = this.currentFont
    return { width: measure.measureText(String(text)).width }
  }

  fillText(text: unknown, ...place: number[]): void {
    this.add('fillText', [String(text), ...defined(place)])
  }
  strokeText(text: unknown, ...place: number[]): void {
    this.add('strokeText', [String(text), ...defined(place)])
  }

  get font(): string {
    return this.currentFont
  }
  set font(font: string) {
    this.currentFont = font
    this.put('font', font)
  }

  setFontSize(size: number): void {
    this.font = this.currentFont.replace(/[\d.]+(px|em|rem|pt|%)/, `${Number(size)}px`)
  }
  setTextBaseline(baseline: string): void {
    this.put('textBaseline', baseline === 'normal' ? 'alphabetic' : baseline)
  }
  setLineDash(pattern: number[], offset = 0): void {
    this.add('setLineDash', [pattern ?? []])
    this.put('lineDashOffset', offset)
  }

  setShadow(x: number, y: number, blur: number, color: string): void {
    this.put('shadowOffsetX', x)
    this.put('shadowOffsetY', y)
    this.put('shadowBlur', blur)
    this.put('shadowColor', color)
  }

  add(name: string, args: unknown[]): void {
    this.actions.push({ name, args })
  }
  put(name: string, value: unknown): void {
    this.actions.push({ name, args: [value], set: true })
  }
}

/** Programs pass undefined for what they leave out; the browser takes it for NaN. */
function defined(args: unknown[]): unknown[] {
  let count = args.length
  while (count && args[count - 1] === undefined) count--
  return args.slice(0, count)
}

for (const name of METHODS) {
  CanvasContext.prototype[name] = function (this: CanvasContext, ...args: unknown[]) {
    this.add(name, defined(args))
  }
}
for (const name of PROPERTIES) {
  const values = new WeakMap<CanvasContext, unknown>()
  Object.defineProperty(CanvasContext.prototype, name, {
    get(this: CanvasContext) {
      return values.get(this)
    },
    set(this: CanvasContext, value: unknown) {
      values.set(this, value)
      this.put(name, value)
    },
  })
}
for (const name of SETTERS) {
  const property = name[0]!.toLowerCase() + name.slice(1)
  CanvasContext.prototype[`set${name}`] = function (this: CanvasContext, value: unknown) {
    this.put(property, value)
  }
}
