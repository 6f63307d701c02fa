import { describe, expect, it } from 'vitest'
import { storage } from './storage'
import { fakeRuntime, outcome } from './testing/fake-runtime'

const create = () => fakeRuntime([storage]).wx

describe('wx storage', () => {
  it.each([
    ['text', 'a'],
    ['number', 1.5],
    ['false', false],
    ['null', null],
    ['object', { a: [1, { b: 2 }] }],
    ['date', new Date(5)],
  ])('keeps %s', async (key, value) => {
    const wx = create()
    wx.setStorageSync(key, value)
    expect(wx.getStorageSync(key)).toEqual(value)
    expect(await wx.getStorage({ key })).toEqual({ data: value, errMsg: 'getStorage:ok' })
  })

  it('keeps a copy, not the object itself', () => {
    const wx = create()
    const value = { a: 1 }
    wx.setStorageSync('k', value)
    value.a = 2
    expect(wx.getStorageSync('k')).toEqual({ a: 1 })
  })

  it('has nothing: empty text in synchronous form, a failure otherwise', async () => {
    const wx = create()
    expect(wx.getStorageSync('none')).toBe('')
    expect(await outcome(wx.getStorage({ key: 'none' }))).toEqual({ errMsg: 'getStorage:fail data not found' })
  })

  it('wants text as a key', async () => {
    const wx = create()
    expect(() => wx.setStorageSync(1, 'x')).toThrow(
      /^setStorageSync:fail parameter error: parameter.key should be String instead of Number;$/,
    )
    expect((await outcome(wx.setStorage({ data: 1 }))).errMsg).toBe(
      'setStorage:fail parameter error: parameter.key should be String instead of Undefined;',
    )
    expect((await outcome(wx.setStorage({ key: '', data: 1 }))).errMsg).toMatch(/^setStorage:fail parameter error/)
  })

  it('removes one, clears all, and tells what there is', async () => {
    const wx = create()
    await wx.setStorage({ key: 'a', data: 'x'.repeat(2048) })
    await wx.batchSetStorage({ kvList: [{ key: 'b', value: 1 }, { key: 'c', value: 2 }] })
    expect(await wx.batchGetStorage({ keyList: ['b', 'c'] })).toEqual({
      dataList: [1, 2],
      errMsg: 'batchGetStorage:ok',
    })
    expect(wx.getStorageInfoSync()).toEqual({ keys: ['a', 'b', 'c'], currentSize: 3, limitSize: 10240 })
    await wx.removeStorage({ key: 'b' })
    wx.removeStorageSync('none')
    expect((await wx.getStorageInfo()).keys).toEqual(['a', 'c'])
    wx.clearStorageSync()
    expect(wx.getStorageInfoSync()).toEqual({ keys: [], currentSize: 0, limitSize: 10240 })
  })

  it('fails when it is full, and keeps what it had', async () => {
    const wx = create()
    wx.setStorageSync('k', 'old')
    expect(() => wx.setStorageSync('k', 'x'.repeat(11 * 1024 * 1024))).toThrow(/^setStorageSync:fail exceed/)
    expect((await outcome(wx.setStorage({ key: 'k', data: 'x'.repeat(11 * 1024 * 1024) }))).errMsg).toMatch(
      /^setStorage:fail exceed/,
    )
    expect(wx.getStorageSync('k')).toBe('old')
  })
})
