import { describe, expect, test, vi } from 'vitest'
import { canIUse, type Supported } from './can-i-use'
import type { AreaFactory } from './kit'
import { fail } from './kit'
import { createWx } from './index'
import { ui } from './ui'
import { unsupported } from './unsupported'

function fakeRuntime() {
  const shell = {
    toast: vi.fn(),
    hideToast: vi.fn(),
    actionSheet: vi.fn(async () => -1),
    modal: vi.fn(async () => ({ confirm: true, cancel: false })),
    tabBar: { visible: () => true, setBadge: vi.fn(), hide: vi.fn() },
    navigationBar: { setTitle: vi.fn(), setColor: vi.fn() },
  }
  const listeners = new Map<string, (detail: unknown) => void>()
  return {
    shell,
    config: { tabBar: { list: [{}, {}] } },
    on: (name: string, listener: (detail: unknown) => void) => {
      listeners.set(name, listener)
    },
    fire: (name: string, detail: unknown) => listeners.get(name)?.(detail),
    guard: (_: string, run: () => unknown) => run(),
    reportUnsupported: vi.fn(),
  }
}

const area: AreaFactory = () => ({
  async: {
    works: () => ({ value: 1 }),
    breaks: () => {
      throw fail('because', 7)
    },
  },
  sync: {
    plain: 5,
    get late() {
      return 6
    },
  },
  partial: { 'works.object.part': 'missing' },
})

describe('the object wx', () => {
  const make = () => {
    const rt = fakeRuntime()
    return { rt, wx: createWx(rt as never, [area, ui]) }
  }

  test('promises, callbacks and plain members', async () => {
    const { wx } = make()
    expect(await wx.works()).toEqual({ value: 1, errMsg: 'works:ok' })
    await expect(wx.breaks()).rejects.toEqual({ errMsg: 'breaks:fail because', errno: 7 })
    const failure = await new Promise((complete) => wx.breaks({ complete }))
    expect(failure).toEqual({ errMsg: 'breaks:fail because', errno: 7 })
    expect([wx.plain, wx.late]).toEqual([5, 6])
  })

  test('programs may add to it and enumerate it; strangers are undefined', () => {
    const { wx } = make()
    wx.mine = 1
    expect(Object.keys(wx)).toEqual(expect.arrayContaining(['mine', 'showToast', 'requestVirtualPayment']))
    expect(wx.nothingLikeIt).toBeUndefined()
  })

  test('canIUse knows what is there', () => {
    const { wx } = make()
    expect(wx.canIUse('works')).toBe(true)
    expect(wx.canIUse('works.object.other')).toBe(true)
    expect(wx.canIUse('works.object.part')).toBe(false)
    expect(wx.canIUse('requestVirtualPayment')).toBe(false)
    expect(wx.canIUse(undefined)).toBe(false)
  })
})

describe('canIUse for components', () => {
  const supported: Supported = {
    apis: new Set(),
    partial: {},
    components: [{ tag: 'button', properties: { openType: String } } as never],
  }
  test.each([
    ['button', true],
    ['button.open-type', true],
    ['button.open-type.share', true],
    ['button.open-type.dance', false],
    ['button.colour', false],
    ['button.hidden', true],
    ['button.bindtap', true],
    ['other', false],
    ['block', true],
  ])('%s: %s', (schema, answer) => expect(canIUse(supported, schema)).toBe(answer))
})

describe('what does not work', () => {
  test('functions fail through callbacks and promises and are reported', async () => {
    const rt = fakeRuntime()
    const call = unsupported(rt as never, 'chooseInvoice')
    expect(await new Promise((done) => call({ fail: done }))).toEqual({ errMsg: 'chooseInvoice:fail not supported' })
    await expect(call()).rejects.toEqual({ errMsg: 'chooseInvoice:fail not supported' })
    expect(rt.reportUnsupported).toHaveBeenCalledWith('api', 'chooseInvoice')
  })

  test('synchronous functions throw', () => {
    expect(() => unsupported(fakeRuntime() as never, 'getNothingSync')()).toThrow('getNothingSync:fail not supported')
  })

  test('events never come, factories give objects whose methods fail', async () => {
    const rt = fakeRuntime()
    expect(unsupported(rt as never, 'onKeyDown')(() => undefined)).toBeUndefined()
    const adapter = unsupported(rt as never, 'getNFCAdapter')() as any
    expect(adapter.onDiscovered(() => undefined)).toBeUndefined()
    expect(await new Promise((fail) => adapter.startDiscovery({ fail }))).toEqual({
      errMsg: 'startDiscovery:fail not supported',
    })
    expect(await Promise.resolve(adapter)).toBe(adapter)
  })
})

describe('user interface', () => {
  const message = async (name: string, options?: object) => {
    const rt = fakeRuntime()
    const wx = createWx(rt as never, [ui])
    const result = (await new Promise((complete) => wx[name]({ ...options, complete }))) as { errMsg: string }
    return { rt, result, errMsg: result.errMsg }
  }

  test('toasts', async () => {
    const { rt, errMsg } = await message('showToast', { title: 'x', icon: 'none', mask: true })
    expect(errMsg).toBe('showToast:ok')
    expect(rt.shell.toast).toHaveBeenCalledWith({
      title: 'x',
      icon: 'none',
      image: undefined,
      mask: true,
      duration: 1500,
    })
    expect((await message('showLoading')).errMsg).toBe(
      'showLoading:fail parameter error: parameter.title should be String instead of Undefined;',
    )
    expect((await message('hideLoading', { noConflict: true })).rt.shell.hideToast).toHaveBeenCalledWith(
      'loading',
      true,
    )
  })

  test('a closed action sheet is a failure', async () => {
    expect((await message('showActionSheet', { itemList: ['a'] })).errMsg).toBe('showActionSheet:fail cancel')
    expect((await message('showActionSheet', { itemList: ['a', 1] })).errMsg).toBe(
      'showActionSheet:fail parameter error: parameter.itemList[1] should be String instead of Number;',
    )
  })

  test('modal', async () => {
    expect((await message('showModal', { title: 't' })).result).toEqual({
      confirm: true,
      cancel: false,
      content: null,
      errMsg: 'showModal:ok',
    })
    expect((await message('showModal', { content: {} })).errMsg).toBe(
      'showModal:fail parameter error: parameter.content should be String instead of Object;',
    )
    expect((await message('showModal', { cancelText: 'Cancel' })).errMsg).toBe('showModal:ok')
    expect((await message('showModal', { cancelText: '不要继续了' })).errMsg).toBe(
      'showModal:fail cancelText length should not larger than 4 Chinese characters',
    )
  })

  test('tab bar', async () => {
    expect((await message('setTabBarBadge', { index: 1, text: '3' })).rt.shell.tabBar.setBadge).toHaveBeenCalledWith(
      1,
      '3',
    )
    expect((await message('setTabBarBadge', { index: 9, text: '3' })).errMsg).toBe(
      'setTabBarBadge:fail tabbar item not found',
    )
    expect((await message('setTabBarBadge', { index: '1' })).errMsg).toBe(
      'setTabBarBadge:fail parameter error: parameter.index should be Number instead of String;',
    )
  })

  test('events of the window', () => {
    const rt = fakeRuntime()
    const wx = createWx(rt as never, [ui])
    const seen = vi.fn()
    wx.onWindowResize(seen)
    rt.fire('windowResize', { size: 1 })
    wx.offWindowResize(seen)
    rt.fire('windowResize', { size: 2 })
    expect(seen.mock.calls).toEqual([[{ size: 1 }]])
  })
})
