/**
 * wx.createAnimation: collects movements, `step` closes a group, `export` hands the groups to a component's
 * `animation` attribute in WeChat's own format and starts afresh.
 */
import type { AreaFactory } from './kit'

export interface Action {
  animates: { type: string; args: unknown[] }[]
  option: { transformOrigin: string; transition: Transition }
}

interface Transition {
  duration: number
  timingFunction: string
  delay: number
}
interface Options extends Partial<Transition> {
  transformOrigin?: string
}

const TRANSFORMS = [
  'matrix',
  'matrix3d',
  'rotate',
  'rotate3d',
  'rotateX',
  'rotateY',
  'rotateZ',
  'scale',
  'scale3d',
  'scaleX',
  'scaleY',
  'scaleZ',
  'skew',
  'skewX',
  'skewY',
  'translate',
  'translate3d',
  'translateX',
  'translateY',
  'translateZ',
]
const LENGTHS = ['width', 'height', 'top', 'right', 'bottom', 'left']

const length = (value: unknown): unknown => (typeof value === 'number' ? `${value}px` : value)

export class Animation {
  [method: string]: any
  private actions: Action[] = []
  /** by property; they stay for the steps that follow, as on WeChat, until a call of the same kind replaces them */
  private current = new Map<string, { type: string; args: unknown[] }>()

  /** programs read their own timing back from here */
  readonly option: Action['option']

  constructor({ duration, timingFunction, delay, transformOrigin }: Options = {}) {
    this.option = {
      transformOrigin: transformOrigin ?? '50% 50% 0',
      transition: {
        duration: Number(duration ?? 400),
        timingFunction: timingFunction ?? 'linear',
        delay: Number(delay ?? 0),
      },
    }
  }

  step(options: Options = {}): this {
    const { transformOrigin, ...timing } = withoutUndefined(options)
    const transition = { ...this.option.transition, ...timing }
    this.actions.push({
      animates: [...this.current.values()],
      option: {
        transformOrigin: transformOrigin ?? this.option.transformOrigin,
        transition: {
          ...transition,
          duration: Number(transition.duration),
          delay: Number(transition.delay),
        },
      },
    })
    return this
  }

  export(): { actions: Action[] } {
    const { actions } = this
    this.actions = []
    return { actions }
  }

  style(name: string, value: unknown): this {
    this.current.set(`style ${name}`, { type: 'style', args: [name, value] })
    return this
  }

  transform(type: string, args: unknown[]): this {
    this.current.set(type, { type, args })
    return this
  }
}

const withoutUndefined = (options: Options): Options =>
  Object.fromEntries(Object.entries(options ?? {}).filter(([, value]) => value !== undefined))

const methods = Animation.prototype as { [name: string]: unknown }
for (const name of TRANSFORMS)
  methods[name] = function (this: Animation, ...args: unknown[]) {
    return this.transform(name, args)
  }
for (const name of LENGTHS)
  methods[name] = function (this: Animation, value: unknown) {
    return this.style(name, length(value))
  }
methods.opacity = function (this: Animation, value: unknown) {
  return this.style('opacity', value)
}
methods.backgroundColor = function (this: Animation, value: unknown) {
  return this.style('backgroundColor', value)
}

export const animation: AreaFactory = () => ({
  sync: { createAnimation: (options?: Options) => new Animation(options) },
})
