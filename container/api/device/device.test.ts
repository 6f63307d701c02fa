import { describe, expect, it, vi } from 'vitest'
import { fakeRuntime, outcome, refuse } from '../testing/fake-runtime'
import { toGcj02 } from './coordinates'
import { location } from './location'
import { phone } from './phone'
import { radio } from './radio'
import { sensors } from './sensors'

describe('coordinates', () => {
  // Pairs as map services publish them, to within some metres (1e-4 degrees).
  it.each([
    ['Beijing', 39.90736606309809, 116.39127910137177, 39.90876944, 116.39752103],
    ['Shanghai', 31.230416, 121.473701, 31.22847, 121.47824],
  ])('of %s shift into GCJ-02', (_, latitude, longitude, expectedLatitude, expectedLongitude) => {
    const shifted = toGcj02(latitude, longitude)
    expect(Math.abs(shifted.latitude - expectedLatitude)).toBeLessThan(2e-4)
    expect(Math.abs(shifted.longitude - expectedLongitude)).toBeLessThan(2e-4)
  })

  it('stay outside China', () => {
    expect(toGcj02(48.85, 2.35)).toEqual({ latitude: 48.85, longitude: 2.35 })
  })
})

describe('location', () => {
  const here = { latitude: 39.9, longitude: 116.4, accuracy: 30, speed: -1 }

  it('is given in the system asked for', async () => {
    const { wx } = fakeRuntime([location], { getLocation: () => here })
    expect(await wx.getLocation()).toEqual({ ...here, errMsg: 'getLocation:ok' })
    const shifted = await wx.getLocation({ type: 'gcj02' })
    expect(shifted).toMatchObject({ ...toGcj02(39.9, 116.4), accuracy: 30 })
    expect((await outcome(wx.getLocation({ type: 'x' }))).errMsg).toBe('getLocation:fail invalid type')
  })

  it.each([
    ['auth deny', 103],
    ['system permission denied', 2],
    ['timeout', 5],
  ])('is refused: %s', async (reason, errno) => {
    const { wx } = fakeRuntime([location], {
      getLocation: refuse(reason, errno),
      getFuzzyLocation: refuse(reason, errno),
    })
    expect(await outcome(wx.getLocation())).toEqual({ errMsg: `getLocation:fail ${reason}`, errno })
    expect((await outcome(wx.getFuzzyLocation())).errMsg).toBe(`getFuzzyLocation:fail ${reason}`)
  })

  it('is told while it changes, until stopped', async () => {
    const { wx, receive } = fakeRuntime([location], { startLocationUpdate: () => ({}), stopLocationUpdate: () => ({}) })
    const change = vi.fn()
    wx.onLocationChange(change)
    receive('device', { event: 'location', ...here })
    await wx.startLocationUpdate({ type: 'wgs84' })
    receive('device', { event: 'location', ...here })
    await wx.stopLocationUpdate()
    receive('device', { event: 'location', ...here })
    expect(change.mock.calls).toEqual([[here]])
  })

  it('of a place is opened and chosen', async () => {
    const place = { name: 'n', address: 'a', latitude: 1, longitude: 2 }
    const { wx, calls } = fakeRuntime([location], { openLocation: () => ({}), chooseLocation: () => place })
    await wx.openLocation({ latitude: 1, longitude: 2 })
    expect(calls[0]!.args).toEqual({ latitude: 1, longitude: 2, name: '', address: '', scale: 18 })
    expect((await outcome(wx.openLocation({ latitude: '1', longitude: 2 }))).errMsg).toMatch(
      /parameter.latitude should be Number instead of String/,
    )
    expect(await wx.chooseLocation()).toEqual({ ...place, errMsg: 'chooseLocation:ok' })
    expect(
      (await outcome(fakeRuntime([location], { chooseLocation: refuse('cancel') }).wx.chooseLocation())).errMsg,
    ).toBe('chooseLocation:fail cancel')
  })
})

describe('phone', () => {
  it('copies with a note, and reads', async () => {
    const { wx, toasts } = fakeRuntime([phone], {
      setClipboardData: () => ({}),
      getClipboardData: () => ({ data: 'x' }),
    })
    expect(await wx.setClipboardData({ data: 'x' })).toEqual({ errMsg: 'setClipboardData:ok' })
    expect(toasts).toEqual(['copied'])
    expect(await wx.getClipboardData()).toEqual({ data: 'x', errMsg: 'getClipboardData:ok' })
    expect((await outcome(wx.setClipboardData({ data: 1 }))).errMsg).toBe(
      'setClipboardData:fail parameter error: parameter.data should be String instead of Number;',
    )
  })

  it.each([
    ['makePhoneCall', { phoneNumber: '10086' }],
    ['scanCode', {}],
    ['sendSms', { phoneNumber: '1' }],
    ['addPhoneContact', { firstName: 'a' }],
    ['addPhoneCalendar', { title: 't', startTime: 1 }],
  ])('%s works or is cancelled', async (name, options) => {
    expect((await fakeRuntime([phone], { [name]: () => ({}) }).wx[name](options)).errMsg).toBe(`${name}:ok`)
    expect(await outcome(fakeRuntime([phone], { [name]: refuse('cancel') }).wx[name](options))).toEqual({
      errMsg: `${name}:fail cancel`,
    })
  })

  it('vibrates', async () => {
    const { wx, calls } = fakeRuntime([phone], { vibrate: () => ({}) })
    await wx.vibrateShort({ type: 'light' })
    await wx.vibrateLong()
    expect(calls.map(({ args }) => args.duration)).toEqual([15, 400])
    expect((await outcome(wx.vibrateShort({ type: 'x' }))).errMsg).toBe('vibrateShort:fail style is not support')
  })

  it('keeps brightness between 0 and 1, and knows the battery', async () => {
    const { wx, receive } = fakeRuntime([phone], { getBatteryInfo: () => ({ level: 80, isCharging: false }) })
    await wx.setScreenBrightness({ value: 0.3 })
    expect((await wx.getScreenBrightness()).value).toBe(0.3)
    expect((await outcome(wx.setScreenBrightness({ value: 2 }))).errMsg).toMatch(/^setScreenBrightness:fail/)
    expect(await wx.getBatteryInfo()).toMatchObject({ level: 80, isCharging: false })
    receive('device', { event: 'battery', level: 79 })
    expect(wx.getBatteryInfoSync()).toMatchObject({ level: 79, isCharging: false })
  })

  it('tells of screenshots', () => {
    const { wx, receive } = fakeRuntime([phone])
    const capture = vi.fn()
    wx.onUserCaptureScreen(capture)
    receive('userCaptureScreen', {})
    wx.offUserCaptureScreen()
    receive('userCaptureScreen', {})
    expect(capture).toHaveBeenCalledOnce()
  })

  it('has no SOTER', async () => {
    const { wx } = fakeRuntime([phone])
    expect((await wx.checkIsSupportSoterAuthentication()).supportMode).toEqual([])
    expect(await outcome(wx.startSoterAuthentication({}))).toMatchObject({
      errMsg: 'startSoterAuthentication:fail not support',
      errCode: 90001,
    })
  })
})

describe('sensors', () => {
  it('start with their interval, and by a listener', async () => {
    const { wx, calls, receive } = fakeRuntime([sensors], { sensorStart: () => ({}), sensorStop: () => ({}) })
    const change = vi.fn()
    wx.onAccelerometerChange(change)
    expect(calls[0]!.args).toEqual({ sensor: 'accelerometer', interval: 200 })
    await wx.startGyroscope({ interval: 'game' })
    expect(calls[1]!.args).toEqual({ sensor: 'gyroscope', interval: 20 })
    receive('device', { event: 'accelerometer', x: 0, y: 0, z: -1 })
    receive('device', { event: 'gyroscope', x: 9, y: 9, z: 9 })
    expect(change.mock.calls).toEqual([[{ x: 0, y: 0, z: -1 }]])
    expect(await wx.stopAccelerometer()).toEqual({ errMsg: 'stopAccelerometer:ok' })
    expect(
      (await outcome(fakeRuntime([sensors], { sensorStart: refuse('not supported') }).wx.startCompass())).errMsg,
    ).toBe('startCompass:fail not supported')
  })
})

it('radio is not there, in WeChat\'s words', async () => {
  const { wx } = fakeRuntime([radio])
  expect(await outcome(wx.openBluetoothAdapter())).toEqual({
    errMsg: 'openBluetoothAdapter:fail not available',
    errCode: 10001,
    errno: 1509007,
  })
  expect(await outcome(wx.getBluetoothDevices())).toMatchObject({ errCode: 10000 })
  expect(await outcome(wx.startBeaconDiscovery({}))).toMatchObject({ errCode: 11000 })
  expect(await outcome(wx.getWifiList())).toMatchObject({
    errMsg: 'getWifiList:fail not invoke startWifi',
    errCode: 12000,
  })
  expect(wx.onBluetoothDeviceFound(() => undefined)).toBeUndefined()
  expect(wx.offBluetoothDeviceFound()).toBeUndefined()
})
