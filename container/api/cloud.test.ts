import { describe, expect, it, vi } from 'vitest'
import { ads } from './ads'
import { cloud } from './cloud'
import { fakeRuntime, outcome } from './testing/fake-runtime'

describe('wx.cloud', () => {
  it('can be touched at load', () => {
    const { wx } = fakeRuntime([cloud])
    wx.cloud.init({ env: 'e', traceUser: true })
    const db = wx.cloud.database({ env: 'e' })
    const _ = db.command
    expect(() =>
      db
        .collection('c')
        .where({ n: _.gt(3).and(_.lt(5)), at: _.in([1]) })
        .orderBy('n', 'desc')
        .limit(1),
    ).not.toThrow()
    expect(new wx.cloud.Cloud({ resourceAppid: 'x' }).init()).toBeUndefined()
    expect(new wx.cloud.CloudID('x').cloudID).toBe('x')
  })

  it.each(['callFunction', 'uploadFile', 'downloadFile', 'getTempFileURL', 'deleteFile', 'callContainer'])(
    '%s fails and says why',
    async (name) => {
      const { wx, unsupported } = fakeRuntime([cloud])
      const failure = await outcome(wx.cloud[name]({ name: 'f' }))
      expect(failure).toEqual({
        errMsg: `cloud.${name}:fail -501000 cloud development is not available in this container`,
        errCode: -501000,
      })
      const fail = vi.fn()
      wx.cloud[name]({ fail })
      await vi.waitFor(() => expect(fail).toHaveBeenCalledWith(failure))
      expect(unsupported).toContain(`cloud.${name}`)
    },
  )

  it('files have tasks, so that programs can listen', async () => {
    const { wx } = fakeRuntime([cloud])
    const fail = vi.fn()
    const task = wx.cloud.downloadFile({ fileID: 'f', fail })
    expect(task.onProgressUpdate(() => undefined)).toBeUndefined()
    await vi.waitFor(() => expect(fail).toHaveBeenCalledOnce())
    expect((await outcome(wx.cloud.uploadFile({ cloudPath: 'f' }))).errCode).toBe(-501000)
  })

  it('database chains fail at their end', async () => {
    const db = fakeRuntime([cloud]).wx.cloud.database()
    expect((await outcome(db.collection('c').where({}).get())).errMsg).toMatch(/^collection\.get:fail -501000/)
    expect((await outcome(db.collection('c').doc('1').update({ data: {} }))).errMsg).toMatch(/^document\.update:fail/)
    expect((await outcome(db.collection('c').aggregate().match({}).end())).errMsg).toMatch(/:fail -501000/)
    const onError = vi.fn()
    expect(db.collection('c').watch({ onChange: () => undefined, onError }).close()).toBeUndefined()
    await vi.waitFor(() => expect(onError).toHaveBeenCalled())
  })
})

describe('advertisements', () => {
  it('are not there, as documented', async () => {
    const { wx } = fakeRuntime([ads])
    const ad = wx.createRewardedVideoAd({ adUnitId: 'u' })
    expect(wx.createRewardedVideoAd({ adUnitId: 'u' })).toBe(ad)
    const error = vi.fn()
    ad.onError(error)
    await vi.waitFor(() => expect(error).toHaveBeenCalledWith({ errMsg: 'no advertisement', errCode: 1004 }))
    await expect(ad.load()).rejects.toMatchObject({ errCode: 1004 })
    await expect(wx.createInterstitialAd({ adUnitId: 'u' }).show()).rejects.toMatchObject({ errCode: 1004 })
  })
})
