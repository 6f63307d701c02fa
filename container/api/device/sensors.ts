/** Accelerometer, compass, gyroscope, orientation: started and stopped on the host, values by `device` events. */
import type { Area, AreaFactory } from '../kit'
import { Listeners } from '../listeners'

/** Milliseconds between values, as WeChat documents its names. */
const INTERVALS: { [name: string]: number } = { game: 20, ui: 60, normal: 200 }

const SENSORS = [
  { event: 'accelerometer', start: 'startAccelerometer', stop: 'stopAccelerometer', change: 'AccelerometerChange' },
  { event: 'compass', start: 'startCompass', stop: 'stopCompass', change: 'CompassChange' },
  { event: 'gyroscope', start: 'startGyroscope', stop: 'stopGyroscope', change: 'GyroscopeChange' },
  {
    event: 'deviceMotion',
    start: 'startDeviceMotionListening',
    stop: 'stopDeviceMotionListening',
    change: 'DeviceMotionChange',
  },
]

export const sensors: AreaFactory = (rt): Area => {
  const async: NonNullable<Area['async']> = {}
  const sync: NonNullable<Area['sync']> = {}
  const listeners = new Map<string, Listeners<any>>()

  for (const { event, start, stop, change } of SENSORS) {
    const changes = new Listeners<any>(rt, `on${change}`)
    listeners.set(event, changes)
    const begin = (interval: unknown) =>
      rt
        .call('sensorStart', { sensor: event, interval: INTERVALS[String(interval)] ?? INTERVALS.normal! })
        .then(() => undefined)
    async[start] = ({ interval }) => begin(interval)
    async[stop] = () => rt.call('sensorStop', { sensor: event }).then(() => undefined)
    // Accelerometer and compass also start when the first listener comes, as documented.
    const starts = event === 'accelerometer' || event === 'compass'
    sync[`on${change}`] = (listener: (detail: any) => void) => {
      changes.on(listener)
      if (starts && changes.size === 1) void begin('normal').catch(() => undefined)
    }
    sync[`off${change}`] = changes.off
  }

  rt.on('device', ({ event, ...detail }) => listeners.get(event)?.emit(detail))
  return { async, sync, partial: { startCompass: 'accuracy is what the browser tells' } }
}
