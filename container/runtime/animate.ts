/** `this.animate` of pages and components on the Web Animations API. */
import type { GeneralComponent } from 'glass-easel'
import { rpx } from '../components/kit'
import type { Runtime } from './context'
import type { Definition } from './definitions'
import { domOf } from './events'

const TRANSFORMS: { [name: string]: (value: any) => string } = {
  rotate: (v) => `rotate(${v}deg)`, rotateX: (v) => `rotateX(${v}deg)`, rotateY: (v) => `rotateY(${v}deg)`, rotateZ: (v) => `rotateZ(${v}deg)`,
  rotate3d: ([x, y, z, a]) => `rotate3d(${x},${y},${z},${a}deg)`,
  scale: (v) => `scale(${[v].flat().join(',')})`, scale3d: (v) => `scale3d(${v.join(',')})`, scaleX: (v) => `scaleX(${v})`, scaleY: (v) => `scaleY(${v})`, scaleZ: (v) => `scaleZ(${v})`,
  skew: ([x, y]) => `skew(${x}deg,${y}deg)`, skewX: (v) => `skewX(${v}deg)`, skewY: (v) => `skewY(${v}deg)`,
  translate: (v) => `translate(${[v].flat().map(length).join(',')})`, translate3d: (v) => `translate3d(${v.map(length).join(',')})`,
  translateX: (v) => `translateX(${length(v)})`, translateY: (v) => `translateY(${length(v)})`, translateZ: (v) => `translateZ(${length(v)})`,
  matrix: (v) => `matrix(${v.join(',')})`, matrix3d: (v) => `matrix3d(${v.join(',')})`,
}
const length = (value: unknown): string => (typeof value === 'number' ? `${value}px` : rpx(String(value)))

/** WeChat's keyframe object → Web Animations keyframe. */
export function keyframe(frame: Definition): Keyframe {
  const out: Keyframe = {}
  const transforms: string[] = []
  for (const [name, value] of Object.entries(frame)) {
    const transform = TRANSFORMS[name]
    if (transform) transforms.push(transform(value))
    else if (name === 'ease') out.easing = String(value)
    else if (name === 'offset') out.offset = Number(value)
    else out[name] = typeof value === 'string' ? rpx(value) : value
  }
  if (transforms.length) out.transform = transforms.join(' ')
  return out
}

const running = new WeakMap<HTMLElement, Animation[]>()

function targets(component: GeneralComponent, selector: string): HTMLElement[] {
  return (component.getShadowRoot()?.querySelectorAll(selector) ?? []).map(domOf).filter((dom): dom is HTMLElement => dom !== null)
}

export function runAnimation(rt: Runtime, component: GeneralComponent, selector: string, frames: Definition[], duration: unknown, callback: unknown): void {
  // A scroll-driven form exists ({scrollSource, timeRange, …} as fifth argument); its keyframes run over time here.
  const ms = typeof duration === 'number' ? duration : 300
  const animations = targets(component, selector).map((dom) => {
    const animation = dom.animate(frames.map(keyframe), { duration: ms, fill: 'forwards' })
    running.set(dom, [...(running.get(dom) ?? []), animation])
    return animation.finished.catch(() => undefined)
  })
  void Promise.all(animations).then(() => { if (typeof callback === 'function') rt.guard('animate', () => callback()) })
}

export function clearAnimation(rt: Runtime, component: GeneralComponent, selector: string, callback: unknown): void {
  for (const dom of targets(component, selector)) {
    running.get(dom)?.forEach((animation) => animation.cancel())
    running.delete(dom)
  }
  if (typeof callback === 'function') queueMicrotask(() => rt.guard('clearAnimation', () => callback()))
}
