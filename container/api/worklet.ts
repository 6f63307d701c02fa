/**
 * wx.worklet. Skyline runs worklet functions in a rendering thread; here rendering and logic share one thread, so
 * that they are ordinary functions and shared values are ordinary observable ones.
 */
import type { Runtime } from '../runtime/context'
import type { AreaFactory } from './kit'
import { EASING } from './easing'

/** Movement of a number over time. `at` gives its value `ms` after `start`. */
interface Movement {
  start(from: number): void
  at(ms: number): { value: number; done: boolean }
  end?: (finished: boolean) => void
}

class AnimationObject {
  constructor(readonly movement: Movement) {}
}

// ---- shared and derived values ---------------------------------------------------------------------------------

type Effect = () => void
/** The function that is being run to learn which values it reads. */
let reader: Effect | undefined

/** Run now, and again after each frame in which a value it read has changed; returns the function that ends it. */
export function effect(rt: Pick<Runtime, 'guard'>, run: () => void): () => void {
  let sources = new Set<SharedValue>()
  let scheduled = false
  let ended = false
  const again: Effect = () => {
    if (scheduled || ended) return
    scheduled = true
    queueMicrotask(() => {
      scheduled = false
      if (!ended) track()
    })
  }
  const track = (): void => {
    for (const source of sources) source.effects.delete(again)
    const before = reader
    const seen = collecting
    collecting = sources = new Set()
    reader = again
    rt.guard('worklet', run)
    reader = before
    collecting = seen
  }
  track()
  return () => {
    ended = true
    for (const source of sources) source.effects.delete(again)
  }
}
let collecting: Set<SharedValue> | undefined

export class SharedValue<T = any> {
  readonly effects = new Set<Effect>()
  private stop: (() => void) | undefined

  constructor(private current: T) {}

  get value(): T {
    if (reader) {
      this.effects.add(reader)
      collecting?.add(this)
    }
    return this.current
  }

  set value(next: T) {
    this.cancel()
    if (next instanceof AnimationObject) this.animate(next.movement)
    else this.put(next)
  }

  cancel(): void {
    this.stop?.()
  }

  private put(next: T): void {
    if (Object.is(this.current, next)) return
    this.current = next
    for (const run of [...this.effects]) run()
  }

  private animate(movement: Movement): void {
    let frame = 0
    let started: number | undefined
    const finish = (whole: boolean): void => {
      cancelAnimationFrame(frame)
      this.stop = undefined
      movement.end?.(whole)
    }
    const tick = (now: number): void => {
      started ??= now
      const { value, done } = movement.at(now - started)
      this.put(value as T)
      if (done) finish(true)
      else frame = requestAnimationFrame(tick)
    }
    movement.start(Number(this.current))
    this.stop = () => finish(false)
    frame = requestAnimationFrame(tick)
  }
}

// ---- movements -------------------------------------------------------------------------------------------------

type Callback = ((finished: boolean) => void) | undefined

function timing(
  to: number,
  { duration = 300, easing = EASING.inOut(EASING.quad) }: any = {},
  end?: Callback,
): Movement {
  let from = 0
  return {
    start: (value) => {
      from = value
    },
    at: (ms) => {
      const part = duration > 0 ? Math.min(1, ms / duration) : 1
      return { value: from + (Number(to) - from) * easing(part), done: part === 1 }
    },
    end,
  }
}

/** Damped harmonic oscillator, integrated in steps of one millisecond. */
function spring(to: number | string, options: any = {}, end?: Callback): Movement {
  const {
    damping = 10,
    mass = 1,
    stiffness = 100,
    overshootClamping = false,
    restDisplacementThreshold = 0.01,
    restSpeedThreshold = 2,
  } = options ?? {}
  const target = Number(to)
  let value = 0
  let speed = 0
  let time = 0
  let from = 0
  return {
    start: (begin) => {
      from = value = begin
      speed = Number(options?.velocity) || 0
      time = 0
    },
    at(ms) {
      for (; time < ms; time++) {
        const acceleration = (-stiffness * (value - target) - damping * speed) / mass
        speed += acceleration / 1000
        value += speed / 1000
        if (overshootClamping && (from < target ? value > target : value < target)) return { value: target, done: true }
      }
      const done = Math.abs(speed) < restSpeedThreshold && Math.abs(value - target) < restDisplacementThreshold
      return { value: done ? target : value, done }
    },
    end,
  }
}

/** Velocity in units per second falls by `deceleration` every millisecond. */
function decay({ velocity = 0, deceleration = 0.998, clamp }: any = {}, end?: Callback): Movement {
  let from = 0
  const rate = Math.log(deceleration)
  return {
    start: (value) => {
      from = value
    },
    at(ms) {
      const travelled = (velocity / 1000) * ((deceleration ** ms - 1) / rate)
      const value = from + travelled
      if (Array.isArray(clamp) && (value < clamp[0] || value > clamp[1])) {
        return { value: Math.min(clamp[1], Math.max(clamp[0], value)), done: true }
      }
      return { value, done: Math.abs(velocity * deceleration ** ms) < 1 }
    },
    end,
  }
}

function sequence(parts: Movement[]): Movement {
  let index = 0
  let offset = 0
  return {
    start(from) {
      index = 0
      offset = 0
      parts[0]?.start(from)
    },
    at(ms) {
      const part = parts[index]
      if (!part) return { value: 0, done: true }
      const { value, done } = part.at(ms - offset)
      if (!done) return { value, done }
      part.end?.(true)
      offset = ms
      parts[++index]?.start(value)
      return { value, done: index === parts.length }
    },
    end(finished) {
      if (!finished) parts[index]?.end?.(false)
    },
  }
}

function delay(wait: number, part: Movement): Movement {
  let from = 0
  let started = false
  return {
    start: (value) => {
      from = value
      started = false
    },
    at(ms) {
      if (ms < wait) return { value: from, done: false }
      if (!started) {
        started = true
        part.start(from)
      }
      return part.at(ms - wait)
    },
    end: (finished) => part.end?.(finished),
  }
}

function repeat(part: Movement, times = 2, reverse = false, end?: Callback): Movement {
  let from = 0
  let round = 0
  let offset = 0
  return {
    start(value) {
      from = value
      round = offset = 0
      part.start(value)
    },
    at(ms) {
      const { value, done } = part.at(ms - offset)
      const shown = reverse && round % 2 === 1 ? from + (lastOf(part) - value) : value
      if (!done) return { value: shown, done: false }
      round++
      offset = ms
      if (times >= 0 && round >= times) return { value: shown, done: true }
      part.start(from)
      return { value: shown, done: false }
    },
    end(finished) {
      part.end?.(finished)
      end?.(finished)
    },
  }
  /** Where a round ends, for running it backwards. */
  function lastOf(movement: Movement): number {
    return movement.at(Number.MAX_SAFE_INTEGER / 2).value
  }
}

// ---- the object ------------------------------------------------------------------------------------------------

const moving = (value: unknown): Movement =>
  value instanceof AnimationObject ? value.movement : timing(Number(value), { duration: 0 })

export const worklet: AreaFactory = (rt) => {
  const told = (callback: unknown): Callback =>
    typeof callback === 'function' ? (finished) => rt.guard('worklet', () => callback(finished)) : undefined
  const animation = (movement: Movement) => new AnimationObject(movement)
  return {
    sync: {
      worklet: {
        shared: (initial: unknown) => new SharedValue(initial),
        derived(update: () => unknown) {
          const value = new SharedValue<unknown>(undefined)
          effect(rt, () => {
            value.value = update()
          })
          return value
        },
        cancelAnimation: (value: unknown) => {
          if (value instanceof SharedValue) value.cancel()
        },
        timing: (to: number, options?: object, end?: unknown) => animation(timing(to, options, told(end))),
        spring: (to: number | string, options?: object, end?: unknown) => animation(spring(to, options, told(end))),
        decay: (options?: object, end?: unknown) => animation(decay(options, told(end))),
        sequence: (...parts: unknown[]) => animation(sequence(parts.map(moving))),
        repeat: (part: unknown, times?: number, reverse?: boolean, end?: unknown) =>
          animation(repeat(moving(part), times, reverse, told(end))),
        delay: (ms: number, part: unknown) => animation(delay(ms, moving(part))),
        runOnUI:
          (run: (...args: unknown[]) => unknown) =>
          (...args: unknown[]) =>
            queueMicrotask(() => rt.guard('runOnUI', () => run(...args))),
        runOnJS:
          (run: (...args: unknown[]) => unknown) =>
          (...args: unknown[]) =>
            queueMicrotask(() => rt.guard('runOnJS', () => run(...args))),
        scrollViewContext: {
          scrollTo(context: { scrollTo?: (options: object) => void } | undefined, options: object) {
            context?.scrollTo?.(options)
          },
        },
        Easing: EASING,
      },
    },
    partial: { worklet: 'runs in the one thread that there is; repeated springs do not run backwards' },
  }
}
