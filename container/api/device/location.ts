/** Where the device is, places on a map. */
import type { AreaFactory } from '../kit'
import { fail, requireParameter } from '../kit'
import { Listeners } from '../listeners'
import { wxArea } from '../typed'
import { toGcj02 } from './coordinates'

type CoordinateSystem = 'wgs84' | 'gcj02'

const SYSTEMS: unknown[] = ['wgs84', 'gcj02']

/** The system asked for; devices measure in WGS-84. */
function convert(position: any, type: CoordinateSystem): any {
  return type === 'gcj02' ? { ...position, ...toGcj02(position.latitude, position.longitude) } : position
}

export const location: AreaFactory = (rt) => {
  const changes = new Listeners<any>(rt, 'onLocationChange')
  const errors = new Listeners<any>(rt, 'onLocationChangeError')
  let watching: CoordinateSystem | undefined

  rt.on('device', ({ event, ...detail }) => {
    if (!watching) return
    if (event === 'location') changes.emit(convert(detail, watching))
    else if (event === 'locationError') errors.emit(detail)
  })

  const watch = async (type: unknown, background: boolean): Promise<void> => {
    watching = type === 'wgs84' ? 'wgs84' : 'gcj02'
    try {
      await rt.call('startLocationUpdate', { background })
    } catch (error) {
      watching = undefined
      throw error
    }
  }

  return wxArea({
    async: {
      async getLocation({ type = 'wgs84', altitude = false, isHighAccuracy = false, highAccuracyExpireTime = 0 }) {
        if (!SYSTEMS.includes(type)) throw fail('invalid type')
        const position = await rt.call('getLocation', {
          isHighAccuracy: isHighAccuracy || altitude,
          timeout: highAccuracyExpireTime,
        })
        return convert(position, type as CoordinateSystem)
      },
      async getFuzzyLocation({ type = 'wgs84' }: any) {
        if (!SYSTEMS.includes(type)) throw fail('invalid type')
        return convert(await rt.call('getFuzzyLocation'), type)
      },
      async openLocation(options) {
        requireParameter(options, 'latitude', 'Number')
        requireParameter(options, 'longitude', 'Number')
        const { latitude, longitude, name = '', address = '', scale = 18 } = options
        await rt.call('openLocation', { latitude, longitude, name, address, scale })
      },
      chooseLocation: ({ latitude, longitude }) => rt.call('chooseLocation', { latitude, longitude }) as Promise<any>,
      choosePoi: async () => ({ ...(await rt.call('chooseLocation', {})), type: 2 }) as any,
      startLocationUpdate: ({ type = 'gcj02' }: any) => watch(type, false),
      startLocationUpdateBackground: ({ type = 'gcj02' }: any) => watch(type, true),
      stopLocationUpdate: async () => {
        watching = undefined
        await rt.call('stopLocationUpdate')
      },
    },
    sync: {
      onLocationChange: changes.on,
      offLocationChange: changes.off,
      onLocationChangeError: errors.on,
      offLocationChangeError: errors.off,
    },
    partial: {
      chooseLocation: 'the place is typed in or taken from the device; no map with places',
      choosePoi: 'as chooseLocation',
      openLocation: 'shows the place and hands it to a map application',
      startLocationUpdateBackground: 'a web page gets no positions in the background',
    },
  })
}
