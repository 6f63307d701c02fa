import { describe, expect, it, vi } from 'vitest'
import { fakeRuntime, outcome, refuse } from '../testing/fake-runtime'
import { chooseMedia } from './choose'
import { documents } from './document'
import { images } from './image'
import { preview } from './preview'
import { recorder } from './recorder'
import { localPath } from './source'
import { videos } from './video'

const PNG = Uint8Array.from([0x89, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 0, 40, 0, 0, 0, 30])
const picture = { data: PNG.buffer, name: 'a.png', type: 'image/png', modified: 2000 }
const paper = { data: new ArrayBuffer(7), name: '合同.pdf', type: 'application/pdf', modified: 3000 }

describe('choosing', () => {
  it('pictures gives temporary files', async () => {
    const { wx, rt, calls } = fakeRuntime([chooseMedia], { chooseFiles: () => ({ files: [picture, picture] }) })
    const result = await wx.chooseImage({ count: 2, sizeType: ['compressed'], sourceType: ['album'] })
    expect(calls[0]!.args).toEqual({
      kinds: ['image'],
      count: 2,
      sourceType: ['album'],
      camera: 'back',
      compressed: true,
    })
    expect(result.errMsg).toBe('chooseImage:ok')
    expect(result.tempFilePaths).toHaveLength(2)
    expect(result.tempFiles).toEqual(result.tempFilePaths.map((path: string) => ({ path, size: PNG.length })))
    expect(rt.files.read(result.tempFilePaths[0])).toHaveLength(PNG.length)
  })

  it('media tells size and kind', async () => {
    const { wx } = fakeRuntime([chooseMedia], { chooseFiles: () => ({ files: [picture] }) })
    const { type, tempFiles } = await wx.chooseMedia({ mediaType: ['image'] })
    expect(type).toBe('image')
    expect(tempFiles[0]).toMatchObject({ width: 40, height: 30, size: PNG.length, fileType: 'image' })
  })

  it('files tells their names and times in seconds', async () => {
    const { wx, calls } = fakeRuntime([chooseMedia], { chooseFiles: () => ({ files: [paper] }) })
    const { tempFiles } = await wx.chooseMessageFile({ count: 1, type: 'file', extension: ['pdf'] })
    expect(calls[0]!.args).toMatchObject({ kinds: ['file'], extension: ['pdf'] })
    expect(tempFiles).toEqual([
      { name: '合同.pdf', size: 7, time: 3, type: 'file', path: expect.stringMatching(/\.pdf$/) },
    ])
  })

  it.each(['chooseImage', 'chooseVideo', 'chooseMedia', 'chooseMessageFile'])('%s fails when closed', async (name) => {
    const { wx } = fakeRuntime([chooseMedia], { chooseFiles: refuse('cancel') })
    expect(await outcome(wx[name]({}))).toEqual({ errMsg: `${name}:fail cancel` })
  })
})

describe('pictures', () => {
  it('tell their size, from a temporary file and from the web', async () => {
    const { wx, rt, calls } = fakeRuntime([images], {
      downloadFile: () => ({ statusCode: 200, data: PNG.buffer, extension: 'png' }),
    })
    const src = rt.files.addTemp(PNG, 'png')
    expect(await wx.getImageInfo({ src })).toEqual({
      width: 40,
      height: 30,
      type: 'png',
      orientation: 'up',
      path: src,
      errMsg: 'getImageInfo:ok',
    })
    const remote = await wx.getImageInfo({ src: 'https://a.b/c.png' })
    expect(calls.map(({ name }) => name)).toEqual(['downloadFile'])
    expect(remote.path).toMatch(/^http:\/\/tmp\//)
  })

  it('are found from the page that names them', async () => {
    const { wx, rt } = fakeRuntime([images], {}, { packageFiles: { 'pages/a/x.svg': 'x', 'y.svg': 'y' }, route: 'pages/a/a' })
    expect([localPath(rt, 'x.svg'), localPath(rt, '../../y.svg'), localPath(rt, 'y.svg'), localPath(rt, 'z.svg')]).toEqual([
      'pages/a/x.svg',
      '../../y.svg',
      'y.svg',
      'z.svg',
    ])
    expect((await outcome(wx.saveImageToPhotosAlbum({ filePath: 'x.svg' }))).errMsg).toBe(
      'saveImageToPhotosAlbum:fail not supported',
    )
  })

  it('that are not there fail', async () => {
    const { wx } = fakeRuntime([images], { downloadFile: refuse('url not in domain list', 600002) })
    expect((await outcome(wx.getImageInfo({ src: 'http://tmp/none.png' }))).errMsg).toBe(
      'getImageInfo:fail file not found',
    )
    expect((await outcome(wx.getImageInfo({}))).errMsg).toMatch(/^getImageInfo:fail parameter error/)
    expect(await outcome(wx.getImageInfo({ src: 'https://x.y/z.png' }))).toEqual({
      errMsg: 'getImageInfo:fail url not in domain list',
      errno: 600002,
    })
  })

  it('go to the album when the person allows it', async () => {
    const { wx, rt, calls } = fakeRuntime([images], { saveImageToPhotosAlbum: () => ({}) })
    const filePath = rt.files.addTemp(PNG, 'png')
    expect(await wx.saveImageToPhotosAlbum({ filePath })).toEqual({ errMsg: 'saveImageToPhotosAlbum:ok' })
    expect(calls[0]!.args.data.size).toBe(PNG.length)
    const refused = fakeRuntime([images, videos], {
      saveImageToPhotosAlbum: refuse('auth deny', 103),
      saveVideoToPhotosAlbum: refuse('auth deny', 103),
    })
    const path = refused.rt.files.addTemp(PNG, 'png')
    expect(await outcome(refused.wx.saveImageToPhotosAlbum({ filePath: path }))).toEqual({
      errMsg: 'saveImageToPhotosAlbum:fail auth deny',
      errno: 103,
    })
    expect(await outcome(refused.wx.saveVideoToPhotosAlbum({ filePath: path }))).toEqual({
      errMsg: 'saveVideoToPhotosAlbum:fail auth deny',
      errno: 103,
    })
    expect((await outcome(wx.saveImageToPhotosAlbum({ filePath: 'http://tmp/none' }))).errMsg).toBe(
      'saveImageToPhotosAlbum:fail file not found',
    )
  })

  it('previews need something to show', async () => {
    const { wx } = fakeRuntime([preview])
    expect((await outcome(wx.previewImage({}))).errMsg).toBe(
      'previewImage:fail parameter error: parameter.urls should be Array instead of Undefined;',
    )
    expect((await outcome(wx.previewMedia({ sources: [] }))).errMsg).toBe('previewMedia:fail sources is empty')
  })
})

it('documents open by their type', async () => {
  const { wx, rt, calls } = fakeRuntime([documents], { openDocument: () => ({}) })
  const filePath = rt.files.addTemp(new Uint8Array(3), 'pdf')
  expect(await wx.openDocument({ filePath })).toEqual({ errMsg: 'openDocument:ok' })
  expect(calls[0]!.args.type).toBe('pdf')
  expect((await outcome(wx.openDocument({ filePath, fileType: 'exe' }))).errMsg).toBe(
    'openDocument:fail filetype not supported',
  )
  expect((await outcome(wx.openDocument({ filePath: 'wxfile://usr/none.pdf' }))).errMsg).toBe(
    'openDocument:fail file not found',
  )
})

describe('recorder', () => {
  const host = {
    recorderStart: () => ({}), recorderPause: () => ({}), recorderResume: () => ({}),
    recorderStop: () => ({ data: new ArrayBuffer(9), extension: 'webm', duration: 1200 }),
  }

  it('starts, pauses, goes on and stops with a file', async () => {
    const { wx } = fakeRuntime([recorder], host)
    const manager = wx.getRecorderManager()
    expect(wx.getRecorderManager()).toBe(manager)
    const seen: string[] = []
    for (const name of ['Start', 'Pause', 'Resume']) manager[`on${name}`](() => seen.push(name))
    const stopped = new Promise<any>((resolve) => manager.onStop(resolve))
    manager.start({ duration: 1000 })
    await vi.waitFor(() => expect(seen).toEqual(['Start']))
    manager.pause()
    manager.resume()
    manager.stop()
    expect(await stopped).toEqual({ tempFilePath: expect.stringMatching(/\.webm$/), duration: 1200, fileSize: 9 })
    expect(seen).toEqual(['Start', 'Pause', 'Resume'])
  })

  it('tells a refusal', async () => {
    const { wx } = fakeRuntime([recorder], { recorderStart: refuse('auth deny', 103) })
    const manager = wx.getRecorderManager()
    const failed = new Promise((resolve) => manager.onError(resolve))
    manager.start({})
    expect(await failed).toEqual({ errMsg: 'operateRecorder:fail auth deny' })
    expect((await outcome(wx.startRecord())).errMsg).toBe('startRecord:fail auth deny')
  })
})
