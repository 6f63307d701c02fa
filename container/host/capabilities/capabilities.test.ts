import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CAPABILITIES } from './index'
import { checkSession, getPhoneNumber, getUserInfo, getUserProfile, login } from './account'
import { calendarFile, contactFile } from './cards'
import { accepted } from './choose-files'
import { getClipboardData, makePhoneCall, setClipboardData } from './device'
import { chooseLocation, getFuzzyLocation, getLocation } from './location'
import { requestPayment } from './payment'
import { fileWrite, kept, storageWrite } from './persistence'
import { chooseAddress, chooseContact, getWeRunData } from './personal'
import { openLink, navigateToMiniProgram, shareAppMessage } from './programs'
import { scanCode, scanned } from './scan'
import { SENSORS } from './sensors'
import { getSetting, requestSubscribeMessage, subscriptions } from './settings'
import { FakeFrame, failure, MemoryStore } from './testing/fake-call'

beforeEach(() => void vi.stubGlobal('navigator', {}))
afterEach(() => void vi.unstubAllGlobals())

it('every capability is a function under the name of a call', () => {
  for (const [name, capability] of Object.entries(CAPABILITIES)) {
    expect(name).toMatch(/^[a-z][A-Za-z0-9]*$/)
    expect(capability, name).toBeTypeOf('function')
  }
})

describe('what is kept', () => {
  it('is written and read back', async () => {
    const frame = new FakeFrame()
    await frame.ask(storageWrite, { set: { a: '1', b: '2' }, remove: [] })
    await frame.ask(storageWrite, { set: { a: '3' }, remove: ['b'] })
    const entry = { data: new ArrayBuffer(2), modified: 5 }
    await frame.ask(fileWrite, { set: { 'wxfile://usr/a': entry, 'wxfile://usr/b': entry }, remove: [] })
    await frame.ask(fileWrite, { set: {}, remove: ['wxfile://usr/b'] })
    expect(await kept(frame.store)).toEqual({ storage: { a: '3' }, userFiles: { 'wxfile://usr/a': entry } })
  })

  it('cannot be something else', async () => {
    const frame = new FakeFrame()
    for (const set of [
      { 'http://x': { data: new ArrayBuffer(1), modified: 1 } },
      { 'wxfile://usr/a': { data: 'x', modified: 1 } },
    ]) {
      expect((await failure(frame.ask(fileWrite, { set }))).errno).toBe(1300013)
    }
    await frame.ask(storageWrite, { set: { a: 1 as never } })
    expect(frame.store.values.size).toBe(0)
  })
})

describe('account', () => {
  it('login gives a fresh code, once allowed', async () => {
    const frame = new FakeFrame()
    expect(await frame.ask(checkSession)).toEqual({ valid: false })
    const { code } = await frame.ask(login)
    expect(code).toMatch(/^[A-Za-z0-9]{32}$/)
    expect((await frame.ask(login)).code).not.toBe(code)
    expect(await frame.ask(checkSession)).toEqual({ valid: true })
    expect(await failure(new FakeFrame({ refused: ['scope.login'] }).ask(login))).toEqual({
      reason: 'auth deny',
      errno: 103,
    })
  })

  it('belongs to the organisation where it has services', async () => {
    const frame = new FakeFrame({
      services: {
        login: async () => ({ code: 'own' }),
        checkSession: async () => false,
        userInfo: async () => ({ nickName: '李四' }),
      },
    })
    expect(await frame.ask(login)).toEqual({ code: 'own' })
    expect(await frame.ask(checkSession)).toEqual({ valid: false })
    expect((await frame.ask(getUserInfo)).userInfo.nickName).toBe('李四')
  })

  it('tells nothing about an anonymous person, in the documented form', async () => {
    const { userInfo, rawData, signature, encryptedData, iv } = await new FakeFrame().ask(getUserProfile, {
      desc: 'why',
    })
    expect(userInfo).toMatchObject({ nickName: '微信用户', gender: 0 })
    expect(JSON.parse(rawData)).toEqual(userInfo)
    expect(signature).toMatch(/^[0-9a-z]{40}$/)
    expect(atob(iv)).toHaveLength(16)
    expect(atob(encryptedData).length).toBeGreaterThan(100)
  })

  it('is refused', async () => {
    const frame = new FakeFrame({ answer: false })
    expect(await failure(frame.ask(getUserProfile))).toEqual({ reason: 'auth deny', errno: 103 })
    expect((await failure(frame.ask(getPhoneNumber))).reason).toBe('user deny')
    expect(frame.questions.map(({ kind }) => kind)).toEqual(['login', 'login'])
  })
})

describe('settings', () => {
  it('come from the phone', async () => {
    const frame = new FakeFrame({ phone: { authSetting: async () => ({ 'scope.record': true }) } })
    expect(await frame.ask(getSetting)).toEqual({ authSetting: { 'scope.record': true } })
  })

  it('subscriptions are what the person ticked', async () => {
    const subscribe = vi.fn()
    const frame = new FakeFrame({ answer: () => [1], services: { subscribe } })
    expect(await frame.ask(requestSubscribeMessage, { tmplIds: ['a', 'b'] })).toEqual({ a: 'reject', b: 'accept' })
    expect(subscribe).toHaveBeenCalledWith(expect.anything(), ['b'])
    expect(await frame.ask(subscriptions)).toEqual({ templates: { a: 'reject', b: 'accept' } })
    expect(await new FakeFrame({ answer: false }).ask(requestSubscribeMessage, { tmplIds: ['a'] })).toEqual({
      a: 'reject',
    })
  })
})

describe('payment', () => {
  it('is rehearsed without a service and paid with one', async () => {
    expect(await new FakeFrame().ask(requestPayment, { package: 'p' })).toEqual({})
    const pay = vi.fn(async () => ({ id: '1' }))
    expect(await new FakeFrame({ services: { pay } }).ask(requestPayment, { package: 'p' })).toEqual({ id: '1' })
    const broke = new FakeFrame({ services: { pay: () => Promise.reject(new Error('no money')) } })
    expect((await failure(broke.ask(requestPayment, { package: 'p' }))).reason).toBe('no money')
    expect((await failure(new FakeFrame({ answer: false }).ask(requestPayment, { package: 'p' }))).reason).toBe(
      'cancel',
    )
  })
})

describe('personal things', () => {
  it('stand in when nobody is there, or are refused', async () => {
    expect(await new FakeFrame().ask(chooseAddress)).toMatchObject({
      userName: '张三',
      provinceName: '广东省',
      nationalCode: '',
    })
    expect(await new FakeFrame().ask(chooseContact)).toMatchObject({
      displayName: '张三',
      phoneNumberList: ['13800000000'],
    })
    expect((await failure(new FakeFrame({ answer: false }).ask(chooseAddress))).reason).toBe('cancel')
    expect((await failure(new FakeFrame().ask(getWeRunData))).reason).toBe('device not support')
  })

  it('are chosen from what was kept', async () => {
    const frame = new FakeFrame({ interactive: true, answer: () => [1] })
    const kept = ['王五', '赵六'].map((userName) => ({
      userName,
      telNumber: '1',
      provinceName: '',
      cityName: '',
      countyName: '',
      detailInfo: 'd',
      postalCode: '',
    }))
    await frame.profile.write(new Map([['addresses', kept]]))
    expect(await frame.ask(chooseAddress)).toMatchObject({ userName: '赵六', detailInfoNew: 'd' })
    expect(frame.questions[0]).toMatchObject({ kind: 'list', multiple: false })
    expect((frame.questions[0] as { items: unknown[] }).items).toHaveLength(3)
  })
})

describe('other programs and links', () => {
  it('are asked of the phone', async () => {
    const openProgram = vi.fn(async () => undefined)
    const frame = new FakeFrame({ phone: { openProgram } })
    await frame.ask(navigateToMiniProgram, { appId: 'a', path: 'p', extraData: { x: 1 } })
    expect(openProgram).toHaveBeenCalledWith({ appId: 'a', path: 'p', extraData: { x: 1 }, embedded: false })
    expect((await failure(frame.ask(navigateToMiniProgram, {}))).reason).toMatch(/parameter.appId/)
  })

  it('sharing goes to the phone', async () => {
    const share = vi.fn(async () => undefined)
    await new FakeFrame({ phone: { share } }).ask(shareAppMessage, { title: 't', path: '/p', imageUrl: '' })
    expect(share).toHaveBeenCalledWith({ title: 't', path: '/p', imageUrl: '' })
  })

  it.each(['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', ''])('never follows %s', async (url) => {
    expect((await failure(new FakeFrame().ask(openLink, { url }))).reason).toBe('invalid url')
  })
})

describe('location', () => {
  it('asks, and stands in when nobody is there', async () => {
    expect(await new FakeFrame().ask(getLocation)).toMatchObject({ latitude: 23.12908, longitude: 113.26436 })
    expect(await failure(new FakeFrame({ refused: ['scope.userLocation'] }).ask(getLocation))).toEqual({
      reason: 'auth deny',
      errno: 103,
    })
    const { latitude } = await new FakeFrame().ask(getFuzzyLocation)
    expect(latitude).toBeCloseTo(23.1, 9)
    expect(await new FakeFrame().ask(chooseLocation, { latitude: 1, longitude: 2 })).toMatchObject({
      name: '广州塔',
      latitude: 1,
      longitude: 2,
    })
  })

  it.each([
    [1, 'system permission denied'],
    [2, 'ERROR_NOCELL&WIFI_LOCATIONSWITCHOFF'],
    [3, 'timeout'],
  ])('fails with browser code %d', async (code, reason) => {
    vi.stubGlobal('navigator', {
      geolocation: { getCurrentPosition: (_: unknown, fail: (error: object) => void) => fail({ code }) },
    })
    expect((await failure(new FakeFrame({ interactive: true }).ask(getLocation))).reason).toBe(reason)
  })

  it('gives what the device measures', async () => {
    const coords = {
      latitude: 1,
      longitude: 2,
      accuracy: 3,
      altitude: null,
      altitudeAccuracy: null,
      speed: null,
      heading: null,
    }
    vi.stubGlobal('navigator', {
      geolocation: { getCurrentPosition: (done: (position: object) => void) => done({ coords }) },
    })
    expect(await new FakeFrame({ interactive: true }).ask(getLocation)).toEqual({
      latitude: 1,
      longitude: 2,
      accuracy: 3,
      horizontalAccuracy: 3,
      altitude: 0,
      verticalAccuracy: 0,
      speed: -1,
      direction: -1,
    })
  })
})

describe('scanning', () => {
  it('tells a code as WeChat does', () => {
    expect(scanned({ rawValue: '中', format: 'qr_code' })).toEqual({
      result: '中',
      scanType: 'QR_CODE',
      charSet: 'UTF-8',
      rawData: '5Lit',
    })
    expect(scanned({ rawValue: '1', format: 'ean_13' }).scanType).toBe('EAN_13')
  })

  it('stands in, or is cancelled', async () => {
    expect((await new FakeFrame().ask(scanCode, { scanType: ['qrCode'] })).scanType).toBe('QR_CODE')
    expect((await failure(new FakeFrame({ answer: false }).ask(scanCode))).reason).toBe('cancel')
  })
})

describe('device', () => {
  it('copies text for a later reading', async () => {
    const frame = new FakeFrame()
    await frame.ask(setClipboardData, { data: 'copied text' })
    expect(await frame.ask(getClipboardData)).toEqual({ data: 'copied text' })
  })

  it('calls numbers only, after asking', async () => {
    expect(await new FakeFrame().ask(makePhoneCall, { phoneNumber: '+86 (20) 123-456' })).toEqual({})
    expect((await failure(new FakeFrame({ answer: false }).ask(makePhoneCall, { phoneNumber: '10086' }))).reason).toBe(
      'cancel',
    )
    expect((await failure(new FakeFrame().ask(makePhoneCall, { phoneNumber: 'javascript:1' }))).reason).toBe(
      'invalid phoneNumber',
    )
  })

  it('reads sensors in WeChat\'s units', () => {
    expect(SENSORS.accelerometer!.read({ accelerationIncludingGravity: { x: 0, y: 0, z: 9.80665 } })).toEqual({
      x: -0,
      y: -0,
      z: -1,
    })
    expect(SENSORS.gyroscope!.read({ rotationRate: { alpha: 180, beta: 0, gamma: 0 } })).toEqual({
      x: 0,
      y: 0,
      z: Math.PI,
    })
    expect(SENSORS.compass!.read({ alpha: 90 })).toMatchObject({ direction: 270 })
    expect(SENSORS.compass!.read({ alpha: null })).toBeUndefined()
    expect(SENSORS.accelerometer!.read({ accelerationIncludingGravity: null })).toBeUndefined()
  })

  it.each([
    [['image'], [], 'image/*'],
    [['image', 'video'], [], 'image/*,video/*'],
    [['file'], [], ''],
    [['file'], ['pdf', '.doc'], '.pdf,.doc'],
  ])('offers files of %j %j as "%s"', (kinds, extensions, expected) => {
    expect(accepted(kinds, extensions)).toBe(expected)
  })
})

describe('cards', () => {
  it('a contact', () => {
    const card = contactFile({
      firstName: '三',
      lastName: '张',
      mobilePhoneNumber: '1',
      organization: 'A; B',
      homeAddressCity: '广州',
      remark: 'a\nb',
    })
    expect(card).toContain('FN:张三\r\n')
    expect(card).toContain('TEL;TYPE=CELL:1\r\n')
    expect(card).toContain('ORG:A\\; B\r\n')
    expect(card).toContain('ADR;TYPE=HOME:;;;广州;;;\r\n')
    expect(card).toContain('NOTE:a\\nb\r\n')
    expect(card.endsWith('END:VCARD\r\n')).toBe(true)
  })

  it('a calendar entry', () => {
    const entry = calendarFile({ title: 'T', startTime: '1767312245', repeatInterval: 'week', alarmOffset: '60' }, 0)
    expect(entry).toContain('DTSTART:20260102T000405Z\r\nDTEND:20260102T010405Z\r\n')
    expect(entry).toContain('RRULE:FREQ=WEEKLY\r\n')
    expect(entry).toContain('TRIGGER:-PT60S')
    expect(calendarFile({ title: 'T', startTime: '1767312245', allDay: 'true', alarm: 'false' }, 0)).toContain(
      'DTSTART;VALUE=DATE:20260102\r\n',
    )
  })
})

it('stores forget what is removed', async () => {
  const store = new MemoryStore()
  await store.write(new Map([['a', 1], ['b', 2]]))
  await store.write(new Map([['a', undefined]]))
  expect(await store.entries('')).toEqual([['b', 2]])
})
