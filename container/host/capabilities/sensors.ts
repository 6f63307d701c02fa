/** Motion and orientation, as `device` events to the frame. */
import type { WireObject } from '../../bridge/messages'
import { number, text } from './arguments'
import { fail } from './types'
import type { Capability, HostCall } from './types'

/** m/s² of one g, which WeChat's accelerometer counts in. */
const GRAVITY = 9.80665
const RADIANS = Math.PI / 180

type Reading = WireObject | undefined

interface Sensor {
  event: 'devicemotion' | 'deviceorientation' | 'deviceorientationabsolute'
  read(event: any): Reading
}

/** The values that WeChat gives, of the browser's events. */
export const SENSORS: { readonly [name: string]: Sensor } = {
  accelerometer: {
    event: 'devicemotion',
    read: ({ accelerationIncludingGravity: a }: DeviceMotionEvent): Reading =>
      a ? { x: (a.x ?? 0) / -GRAVITY, y: (a.y ?? 0) / -GRAVITY, z: (a.z ?? 0) / -GRAVITY } : undefined,
  },
  gyroscope: {
    event: 'devicemotion',
    read: ({ rotationRate: r }: DeviceMotionEvent): Reading =>
      r ? { x: (r.beta ?? 0) * RADIANS, y: (r.gamma ?? 0) * RADIANS, z: (r.alpha ?? 0) * RADIANS } : undefined,
  },
  deviceMotion: {
    event: 'deviceorientation',
    read: ({ alpha, beta, gamma }: DeviceOrientationEvent): Reading =>
      alpha === null ? undefined : { alpha, beta: beta ?? 0, gamma: gamma ?? 0 },
  },
  compass: {
    event: 'deviceorientationabsolute',
    // Degrees clockwise from north; alpha counts the other way.
    read: ({ alpha }: DeviceOrientationEvent): Reading =>
      alpha === null ? undefined : { direction: (360 - alpha) % 360, accuracy: 'unreliable' },
  },
}

const running = new WeakMap<object, Map<string, AbortController>>()

function stop(call: HostCall, name: string): void {
  running.get(call.session)?.get(name)?.abort()
  running.get(call.session)?.delete(name)
}

/** iOS asks the person, and only right after a touch. */
async function permitted(type: unknown): Promise<boolean> {
  const { requestPermission } = (type ?? {}) as { requestPermission?(): Promise<string> }
  return !requestPermission || (await requestPermission.call(type).catch(() => 'denied')) === 'granted'
}

export const sensorStart: Capability = async (call) => {
  const name = text(call.args, 'sensor')
  const sensor = Object.hasOwn(SENSORS, name) ? SENSORS[name] : undefined
  if (!sensor || !('DeviceMotionEvent' in window)) throw fail('not supported')
  if (!(await permitted(sensor.event === 'devicemotion' ? DeviceMotionEvent : DeviceOrientationEvent)))
    throw fail('system permission denied')
  stop(call, name)
  const controller = new AbortController()
  const sensors = running.get(call.session) ?? new Map<string, AbortController>()
  running.set(call.session, sensors.set(name, controller))
  call.signal.addEventListener('abort', () => controller.abort())

  const interval = number(call.args, 'interval', 200)
  let last = -Infinity
  window.addEventListener(sensor.event, (event) => {
    if (event.timeStamp - last < interval) return
    const reading = sensor.read(event)
    if (!reading) return
    last = event.timeStamp
    call.emit('device', { event: name, ...reading })
  }, { signal: controller.signal })
  return {}
}

export const sensorStop: Capability = (call) => {
  stop(call, text(call.args, 'sensor'))
  return {}
}
