import { describe, expect, it } from 'vitest'
import { fakeRuntime, outcome, refuse } from '../testing/fake-runtime'
import { login } from './login'
import { payment } from './payment'
import { personal } from './personal'
import { programs } from './programs'
import { settings } from './settings'
import { share } from './share'

const AREAS = [login, settings, payment, personal, programs, share]

describe('login', () => {
  it('gives a code, or the refusal', async () => {
    expect(await fakeRuntime(AREAS, { login: () => ({ code: 'c' }) }).wx.login()).toEqual({
      code: 'c',
      errMsg: 'login:ok',
    })
    expect(await outcome(fakeRuntime(AREAS, { login: refuse('auth deny', 103) }).wx.login())).toEqual({
      errMsg: 'login:fail auth deny',
      errno: 103,
    })
  })

  it('checks the session', async () => {
    expect(await fakeRuntime(AREAS, { checkSession: () => ({ valid: true }) }).wx.checkSession()).toEqual({
      errMsg: 'checkSession:ok',
    })
    expect((await outcome(fakeRuntime(AREAS, { checkSession: () => ({ valid: false }) }).wx.checkSession())).errMsg)
      .toBe('checkSession:fail session time out, need relogin')
  })

  it('gives sensitive fields only with credentials', async () => {
    const answer = {
      userInfo: { nickName: 'n' },
      rawData: 'r',
      signature: 's',
      encryptedData: 'e',
      iv: 'i',
      cloudID: '',
    }
    const { wx } = fakeRuntime(AREAS, { getUserInfo: () => answer, getUserProfile: () => answer })
    expect(Object.keys(await wx.getUserInfo())).not.toContain('encryptedData')
    expect((await wx.getUserInfo({ withCredentials: true })).encryptedData).toBe('e')
    expect((await wx.getUserProfile({ desc: 'why' })).userInfo).toEqual({ nickName: 'n' })
  })

  it('wants a reason for the profile, and tells a refusal', async () => {
    const { wx } = fakeRuntime(AREAS, { getUserProfile: refuse('auth deny', 103) })
    expect((await outcome(wx.getUserProfile())).errMsg).toBe(
      'getUserProfile:fail parameter error: parameter.desc should be String instead of Undefined;',
    )
    expect(await outcome(wx.getUserProfile({ desc: 'why' }))).toEqual({
      errMsg: 'getUserProfile:fail auth deny',
      errno: 103,
    })
  })

  it('knows the account', () => {
    expect(fakeRuntime(AREAS).wx.getAccountInfoSync()).toEqual({
      miniProgram: { appId: 'wxtest', envVersion: 'develop', version: '' },
    })
    expect(fakeRuntime(AREAS, {}, { boot: { mode: 'release' } }).wx.getAccountInfoSync().miniProgram.version).toBe(
      '1.2.0',
    )
  })
})

describe('settings', () => {
  it('authorize asks the host for scopes that exist', async () => {
    const { wx, calls } = fakeRuntime(AREAS, { authorize: () => ({}) })
    expect(await wx.authorize({ scope: 'scope.record' })).toEqual({ errMsg: 'authorize:ok' })
    expect(calls[0]!.args).toEqual({ scope: 'scope.record' })
    expect((await outcome(wx.authorize({ scope: 'scope.login' }))).errMsg).toBe('authorize:fail invalid scope')
    expect(
      await outcome(
        fakeRuntime(AREAS, { authorize: refuse('auth deny', 103) }).wx.authorize({ scope: 'scope.record' }),
      ),
    ).toEqual({ errMsg: 'authorize:fail auth deny', errno: 103 })
  })

  it.each(['getSetting', 'openSetting'])('%s lists decided scopes, without our own', async (name) => {
    const authSetting = { 'scope.record': false, 'scope.login': true }
    const { wx } = fakeRuntime(AREAS, {
      [name]: () => ({ authSetting }),
      subscriptions: () => ({ templates: { t: 'accept' } }),
    })
    expect(await wx[name]({ withSubscriptions: true })).toEqual({
      authSetting: { 'scope.record': false },
      subscriptionsSetting: { mainSwitch: true, itemSettings: { t: 'accept' } },
      errMsg: `${name}:ok`,
    })
  })

  it('privacy is agreed', async () => {
    const { wx } = fakeRuntime(AREAS)
    expect(await wx.getPrivacySetting()).toMatchObject({ needAuthorization: false, errMsg: 'getPrivacySetting:ok' })
    expect(await wx.requirePrivacyAuthorize()).toEqual({ errMsg: 'requirePrivacyAuthorize:ok' })
  })
})

describe('payment and subscriptions', () => {
  const order = { timeStamp: '1', nonceStr: 'n', package: 'prepay_id=1', signType: 'RSA', paySign: 's' }

  it('pays, or tells that the person did not', async () => {
    const { wx, calls } = fakeRuntime(AREAS, { requestPayment: () => ({}) })
    expect(await wx.requestPayment(order)).toEqual({ errMsg: 'requestPayment:ok' })
    expect(calls[0]!.args).toEqual(order)
    expect(
      (await outcome(fakeRuntime(AREAS, { requestPayment: refuse('cancel') }).wx.requestPayment(order))).errMsg,
    ).toBe('requestPayment:fail cancel')
    expect((await outcome(wx.requestPayment({ ...order, timeStamp: 1 }))).errMsg)
      .toBe('requestPayment:fail parameter error: parameter.timeStamp should be String instead of Number;')
  })

  it('subscribes to at most three templates', async () => {
    const { wx } = fakeRuntime(AREAS, { requestSubscribeMessage: ({ tmplIds: [id] }) => ({ [id]: 'accept' }) })
    expect(await wx.requestSubscribeMessage({ tmplIds: ['t'] })).toEqual({
      t: 'accept',
      errMsg: 'requestSubscribeMessage:ok',
    })
    expect(await outcome(wx.requestSubscribeMessage({ tmplIds: [] }))).toEqual({
      errMsg: "requestSubscribeMessage:fail TmplIds can't be empty",
      errCode: 10001,
    })
    expect(await outcome(wx.requestSubscribeMessage({ tmplIds: ['a', 'b', 'c', 'd'] }))).toMatchObject({
      errCode: 20003,
    })
    expect(await outcome(wx.requestSubscribeMessage({ tmplIds: [1] }))).toMatchObject({ errCode: 10004 })
  })
})

describe('what the person hands over', () => {
  it.each(['chooseAddress', 'chooseInvoiceTitle', 'chooseContact', 'getWeRunData'])('%s', async (name) => {
    expect(await fakeRuntime(AREAS, { [name]: () => ({ a: 1 }) }).wx[name]()).toEqual({ a: 1, errMsg: `${name}:ok` })
    expect(await outcome(fakeRuntime(AREAS, { [name]: refuse('cancel') }).wx[name]())).toEqual({
      errMsg: `${name}:fail cancel`,
    })
  })
})

describe('other programs', () => {
  it('are opened with data that is JSON', async () => {
    const { wx, calls } = fakeRuntime(AREAS, { navigateToMiniProgram: () => ({}), navigateBackMiniProgram: () => ({}) })
    await wx.navigateToMiniProgram({ appId: 'wxother', path: 'a?b=1', extraData: { d: new Date(0), f: () => 1 } })
    expect(calls[0]!.args).toEqual({
      appId: 'wxother',
      path: 'a?b=1',
      extraData: { d: '1970-01-01T00:00:00.000Z' },
      embedded: false,
    })
    await wx.openEmbeddedMiniProgram({ appId: 'wxother' })
    expect(calls[1]!.args.embedded).toBe(true)
    await wx.navigateBackMiniProgram({ extraData: { a: 1 } })
    expect(calls[2]).toEqual({ name: 'navigateBackMiniProgram', args: { extraData: { a: 1 } } })
  })

  it('fail when there is none', async () => {
    const { wx } = fakeRuntime(AREAS, { navigateToMiniProgram: refuse('invalid appid') })
    expect((await outcome(wx.navigateToMiniProgram({ appId: 'x' }))).errMsg).toBe(
      'navigateToMiniProgram:fail invalid appid',
    )
    expect((await outcome(wx.navigateToMiniProgram({}))).errMsg).toMatch(/parameter.appId should be String/)
    expect((await outcome(wx.navigateToMiniProgram({ appId: 'wxtest' }))).errMsg).toMatch(/^navigateToMiniProgram:fail/)
  })

  it('end this one', async () => {
    const { wx, calls } = fakeRuntime(AREAS, { exitMiniProgram: () => ({}) })
    expect(await wx.exitMiniProgram()).toEqual({ errMsg: 'exitMiniProgram:ok' })
    expect(calls).toHaveLength(1)
  })
})

it('the share menu', async () => {
  const { wx, calls } = fakeRuntime(AREAS, { shareMenu: () => ({}) })
  await wx.showShareMenu({ menus: ['shareTimeline'] })
  expect(await wx.hideShareMenu()).toEqual({ errMsg: 'hideShareMenu:ok' })
  expect(calls.map(({ args }) => args)).toEqual([
    { visible: true, menus: ['shareTimeline'] }, { visible: false, menus: ['shareAppMessage', 'shareTimeline'] },
  ])
  expect((await outcome(wx.getShareInfo({ shareTicket: 't' }))).errMsg).toBe('getShareInfo:fail no shareTicket')
})
