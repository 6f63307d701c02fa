/**
 * What every built-in component understands beside its own properties: `hidden`, `animation`, ARIA and focus.
 * The runtime declares COMMON_PROPERTIES on each built-in and hands their changes to `updateCommon`.
 */
import type { GeneralComponent } from 'glass-easel'
import { rpx, tapByKey, type Builtin, type PropertyDefinition } from './kit'

const ARIA = [
  'label', 'labelledby', 'describedby', 'hidden', 'selected', 'disabled', 'haspopup', 'expanded', 'modal', 'controls',
  'checked', 'live', 'owns', 'role', 'current', 'pressed', 'valuenow', 'valuemin', 'valuemax', 'valuetext', 'level',
  'required', 'invalid', 'readonly', 'busy', 'atomic', 'activedescendant', 'multiselectable', 'orientation',
]

const ariaAttributes = new Map(ARIA.map((name) => [
  `aria${name[0]!.toUpperCase()}${name.slice(1)}`,
  name === 'role' ? 'role' : `aria-${name}`,
]))

export const COMMON_PROPERTIES: { [name: string]: PropertyDefinition } = {
  hidden: Boolean,
  animation: null,
  role: null,
  tabindex: null,
  ...Object.fromEntries([...ariaAttributes.keys()].map((name) => [name, null])),
}

/**
 * As on WeChat, `hidden` beats one class but not an inline `display`. Clicked elements show no focus ring;
 * focus moved by keyboard does.
 */
export const COMMON_CSS = ':not(a)[hidden]{display:none}:focus:not(:focus-visible){outline:none}'

export function updateCommon(builtin: Builtin<any>, name: string, value: unknown): void {
  const { host } = builtin
  if (name === 'hidden') host.toggleAttribute('hidden', Boolean(value))
  else if (name === 'animation') runAnimation(builtin.component, host, value)
  else if (name === 'role') setAttribute(host, name, value)
  else if (name === 'tabindex') {
    setAttribute(host, name, value)
    if (!focusable.has(host)) host.addEventListener('keydown', (event) => tapByKey(host, event))
    focusable.add(host)
  }
  else {
    const attribute = ariaAttributes.get(name)
    if (attribute) setAttribute(host, attribute, value)
  }
}

/** Elements made focusable by the program: keys work on them. */
const focusable = new WeakSet<HTMLElement>()

const setAttribute = (host: HTMLElement, name: string, value: unknown) => {
  if (value === null || value === undefined || value === '') host.removeAttribute(name)
  else host.setAttribute(name, String(value))
}

// ---- animation: the export of wx.createAnimation -------------------------------------------------------------

interface Animate {
  type: string
  args: (number | string | [string, number | string])[]
}

interface AnimationAction {
  animates: Animate[]
  option: {
    transformOrigin?: string
    transition: { duration: number; timingFunction: string; delay: number }
  }
}

/** glass-easel keeps an element's style in segments; this one is for animations (StyleSegmentIndex.ANIMATION_EXTRA). */
const ANIMATION_SEGMENT = 2

const running = new WeakMap<GeneralComponent, { timer: number; value: unknown }>()

/** Steps run one after the other, each as a CSS transition. */
function runAnimation(component: GeneralComponent, host: HTMLElement, value: unknown): void {
  const before = running.get(component)
  if (before) clearTimeout(before.timer)
  const actions = (value as { actions?: AnimationAction[] } | null)?.actions
  if (!Array.isArray(actions)) {
    if (before) component.setNodeStyle('', ANIMATION_SEGMENT)
    return
  }
  const state = { timer: 0, value }
  running.set(component, state)
  const step = (index: number) => {
    const action = actions[index]
    if (!action) return
    void host.offsetWidth // the state before this step must be the computed one, or nothing moves
    component.setNodeStyle(animationStyle(action), ANIMATION_SEGMENT)
    const { duration, delay } = action.option.transition
    state.timer = window.setTimeout(() => step(index + 1), Number(duration) + Number(delay || 0))
  }
  // the first step waits for the element to be in the document with the style it starts from
  state.timer = window.setTimeout(() => step(0))
}

const DEGREES = new Set(['rotate', 'rotateX', 'rotateY', 'rotateZ', 'skew', 'skewX', 'skewY'])
const LENGTHS = new Set(['translate', 'translateX', 'translateY', 'translateZ', 'translate3d'])

/** Style text for one step of an animation export. */
export function animationStyle({ animates, option }: AnimationAction): string {
  const transforms: string[] = []
  const styles: [string, string][] = []
  for (const { type, args } of animates) {
    if (type === 'style') {
      const [name, value] = args as unknown as [string, string | number]
      styles.push([name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`), rpx(String(value))])
    } else {
      const unit = DEGREES.has(type) ? 'deg' : LENGTHS.has(type) ? 'px' : ''
      const list = args.map((arg, index) => {
        const suffix = type === 'rotate3d' && index === 3 ? 'deg' : unit
        return typeof arg === 'number' || /^-?[\d.]+$/.test(String(arg)) ? `${String(arg)}${suffix}` : rpx(String(arg))
      })
      transforms.push(`${type}(${list.join(',')})`)
    }
  }
  const { duration, timingFunction, delay } = option.transition
  const properties = ['transform', ...styles.map(([name]) => name)]
  const transitions = properties.map((name) => `${name} ${duration}ms ${timingFunction || 'linear'} ${delay || 0}ms`)
  return [
    `transition:${transitions.join(',')}`,
    ...(transforms.length ? [`transform:${transforms.join(' ')}`] : []),
    ...(option.transformOrigin ? [`transform-origin:${option.transformOrigin}`] : []),
    ...styles.map(([name, value]) => `${name}:${value}`),
  ].join(';')
}
