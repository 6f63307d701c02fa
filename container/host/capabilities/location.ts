/** Where the device is (WGS-84), and places. */
import type { WireObject } from '../../bridge/messages'
import { h } from '../chrome/dom'
import { number, text } from './arguments'
import { askForm } from './panels'
import { say } from './strings'
import { fail } from './types'
import type { Capability, HostCall } from './types'

/** Browsers may search long for satellites; programs wait for the first answer. */
const TIMEOUT = 20000
/** About ten kilometres, in degrees: what a fuzzy location may tell. */
const FUZZ = 0.1
/** When nobody is there: the middle of Guangzhou, where WeChat's own tools are. */
const STAND_IN = { latitude: 23.12908, longitude: 113.26436 }

function answer({ coords }: Pick<GeolocationPosition, 'coords'>): WireObject {
  const { latitude, longitude, accuracy, altitude, altitudeAccuracy, speed, heading } = coords
  return {
    latitude,
    longitude,
    accuracy,
    horizontalAccuracy: accuracy,
    altitude: altitude ?? 0,
    verticalAccuracy: altitudeAccuracy ?? 0,
    speed: speed ?? -1,
    direction: heading ?? -1,
  }
}

const standIn = (): WireObject => ({
  ...STAND_IN, accuracy: 65, horizontalAccuracy: 65, altitude: 0, verticalAccuracy: 0, speed: -1, direction: -1,
})

function failure({ code }: Pick<GeolocationPositionError, 'code'>): Error {
  if (code === 1) return fail('system permission denied', 2)
  return code === 3 ? fail('timeout', 5) : fail('ERROR_NOCELL&WIFI_LOCATIONSWITCHOFF', 4)
}

function locate(call: HostCall, highAccuracy: boolean, timeout: number): Promise<WireObject> {
  if (!call.prompt.interactive) return Promise.resolve(standIn())
  if (!navigator.geolocation) throw fail('system permission denied', 2)
  return new Promise((resolve, reject) => navigator.geolocation.getCurrentPosition(
    (position) => resolve(answer(position)),
    (error) => reject(failure(error)),
    { enableHighAccuracy: highAccuracy, timeout: timeout || TIMEOUT, maximumAge: 10000 },
  ))
}

export const getLocation: Capability = async (call) => {
  await call.authorize('scope.userLocation')
  return locate(call, call.args.isHighAccuracy === true, number(call.args, 'timeout', 0))
}

export const getFuzzyLocation: Capability = async (call) => {
  await call.authorize('scope.userFuzzyLocation')
  const { latitude, longitude } = await locate(call, false, 0)
  const blur = (degrees: unknown): number => Math.round(Number(degrees) / FUZZ) * FUZZ
  return { latitude: blur(latitude), longitude: blur(longitude) }
}

/** One watch per frame. */
const watches = new WeakMap<object, number>()

function stop(call: HostCall): void {
  const watch = watches.get(call.session)
  if (watch !== undefined) navigator.geolocation.clearWatch(watch)
  watches.delete(call.session)
}

export const startLocationUpdate: Capability = async (call) => {
  await call.authorize(call.args.background === true ? 'scope.userLocationBackground' : 'scope.userLocation')
  if (!call.prompt.interactive) {
    call.emit('device', { event: 'location', ...standIn() })
    return {}
  }
  if (!navigator.geolocation) throw fail('system permission denied', 2)
  stop(call)
  watches.set(call.session, navigator.geolocation.watchPosition(
    (position) => call.emit('device', { event: 'location', ...answer(position) }),
    ({ code, message }) => call.emit('device', { event: 'locationError', errCode: code, errMsg: message }),
    { enableHighAccuracy: true },
  ))
  call.signal.addEventListener('abort', () => stop(call))
  return {}
}

export const stopLocationUpdate: Capability = (call) => {
  stop(call)
  return {}
}

const mapAddress = (latitude: number, longitude: number, scale: number): string =>
  `https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=${Math.round(scale)}/${latitude}/${longitude}`

/** The place in words, and a way to a map. */
export const openLocation: Capability = async (call) => {
  const { args, prompt } = call
  const latitude = number(args, 'latitude')
  const longitude = number(args, 'longitude')
  const link = h(
    'a',
    {
      class: 'act main',
      href: mapAddress(latitude, longitude, number(args, 'scale', 18)),
      target: '_blank',
      rel: 'noopener noreferrer',
    },
    say(call, 'openMap'),
  )
  const content = h(
    'div',
    {},
    h('p', { class: 'text' }, text(args, 'address', '')),
    h('p', { class: 'text' }, `${latitude.toFixed(6)}, ${longitude.toFixed(6)}`),
    link,
  )
  if (prompt.interactive) prompt.panel({ title: text(args, 'name', '') || say(call, 'place'), content })
  return {}
}

export const chooseLocation: Capability = async (call) => {
  await call.authorize('scope.userLocation')
  const { args } = call
  const here = typeof args.latitude === 'number' && typeof args.longitude === 'number'
    ? { latitude: args.latitude, longitude: args.longitude }
    : await locate(call, false, 3000).catch(() => STAND_IN)
  const values = await askForm(call, say(call, 'place'), [
    { name: 'name', label: say(call, 'placeName'), required: true, example: '广州塔' },
    { name: 'address', label: say(call, 'placeAddress'), example: '广东省广州市海珠区阅江西路 222 号' },
    { name: 'latitude', label: say(call, 'latitude'), type: 'number', required: true, value: String(here.latitude) },
    { name: 'longitude', label: say(call, 'longitude'), type: 'number', required: true, value: String(here.longitude) },
  ])
  return {
    name: values.name,
    address: values.address,
    latitude: Number(values.latitude),
    longitude: Number(values.longitude),
  }
}
