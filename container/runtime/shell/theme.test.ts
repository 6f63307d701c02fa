import { describe, expect, test } from 'vitest'
import type { AppConfig } from '../context'
import type { SystemInfo } from '../../bridge/messages'
import { resist } from './pull-down'
import { textStyle } from './navigation-bar'
import { translate } from './strings'
import { barHeight, pageArea, safeInsets, tabIndex, themed, windowLook } from './theme'

const config = {
  window: {
    navigationBarBackgroundColor: '@bar',
    navigationBarTextStyle: '@text',
    navigationBarTitleText: 'App',
    enablePullDownRefresh: true,
  },
  theme: { light: { bar: '#fff', text: 'black' }, dark: { bar: '#111', text: 'white' } },
  tabBar: { list: [{ pagePath: 'pages/a', text: 'a' }] },
} as unknown as AppConfig

const phone = {
  screenWidth: 375,
  screenHeight: 812,
  statusBarHeight: 44,
  safeArea: { left: 0, top: 44, right: 375, bottom: 778, width: 375, height: 734 },
  menuButton: { left: 281, top: 48, right: 368, bottom: 80, width: 87, height: 32 },
} as SystemInfo

describe('window settings', () => {
  test('a page wins over the application, theme references are followed', () => {
    const light = windowLook(config, { navigationBarTitleText: 'Page' }, 'light')
    expect([light.title, light.barBackground, light.barText, light.pullDown]).toEqual(['Page', '#fff', 'black', true])
    const dark = windowLook(config, {}, 'dark')
    expect([dark.title, dark.barBackground, dark.barText]).toEqual(['App', '#111', 'white'])
  })

  test("defaults are WeChat's", () => {
    const look = windowLook({ window: {}, theme: null } as unknown as AppConfig, {}, 'light')
    expect(look).toMatchObject({
      barBackground: '#000000',
      barText: 'white',
      custom: false,
      background: '#ffffff',
      refreshStyle: 'dark',
      pullDown: false,
      scroll: true,
    })
  })

  test('a reference without an entry counts as absent', () => {
    expect(themed('@nothing', config, 'light')).toBeUndefined()
    expect(themed('plain', config, 'dark')).toBe('plain')
    expect(windowLook(config, { navigationBarBackgroundColor: '@nothing' }, 'light').barBackground).toBe('#fff')
  })
})

describe('sizes', () => {
  test('the bar has the capsule in its middle', () => {
    expect(barHeight(phone)).toBe(40)
    expect(barHeight({ ...phone, menuButton: { left: 0, top: 0, right: 0, bottom: 0, width: 0, height: 0 } })).toBe(44)
  })

  test('the page has what bars and tabs leave', () => {
    expect(safeInsets(phone)).toEqual({ top: 44, right: 0, bottom: 34, left: 0 })
    expect(pageArea(phone, false, undefined)).toEqual({ top: 84, width: 375, height: 728 })
    expect(pageArea(phone, true, undefined)).toEqual({ top: 0, width: 375, height: 812 })
    expect(pageArea(phone, false, 'bottom')).toEqual({ top: 84, width: 375, height: 644 })
    expect(pageArea(phone, false, 'top')).toEqual({ top: 134, width: 375, height: 678 })
  })

  test('tabs are found by route', () => {
    expect([tabIndex(config, 'pages/a'), tabIndex(config, 'pages/b'), tabIndex({ tabBar: null }, 'pages/a')]).toEqual([
      0, -1, -1,
    ])
  })
})

test('pulling gets harder, never runs backwards and has an end', () => {
  const pulled = [-5, 0, 10, 100, 300, 1000, 100000].map(resist)
  expect(pulled.slice(0, 2)).toEqual([0, 0])
  expect(pulled).toEqual([...pulled].sort((a, b) => a - b))
  expect(resist(10)).toBeCloseTo(4.84, 2)
  expect(Math.max(...pulled)).toBeLessThan(150)
})

test('white front colours in every spelling', () => {
  expect(['#ffffff', '#FFF', 'white', '#000000', 'black'].map(textStyle)).toEqual([
    'white',
    'white',
    'white',
    'black',
    'black',
  ])
})

test('every language has every sentence; an unknown key reads as itself', () => {
  expect(translate('zh_CN', 'confirm')).toBe('确定')
  expect(translate('en', 'confirm')).toBe('OK')
  expect(translate('en', 'no such key')).toBe('no such key')
})
