/** wx.previewImage and wx.previewMedia. */
import type { Runtime } from '../../runtime/context'
import type { AreaFactory } from '../kit'
import { fail, requireParameter } from '../kit'
import { fileName } from '../files/paths'
import { wxArea } from '../typed'
import type * as Viewer from './media-viewer.chunk'
import type { Item } from './media-viewer.chunk'
import { mediaSource } from './source'

async function open(rt: Runtime, items: Item[], start: number, menu: boolean): Promise<void> {
  const viewer = (await rt.chunk('media-viewer')) as typeof Viewer
  viewer.open(rt, items, start, menu ? (url) => void save(rt, url) : undefined)
}

async function save(rt: Runtime, url: string): Promise<void> {
  if ((await rt.shell.actionSheet({ itemList: [rt.t('saveImage')] })) !== 0) return
  try {
    const { bytes, path } = await mediaSource(rt, url)
    await rt.call('saveImageToPhotosAlbum', { data: new Blob([bytes as BlobPart]), name: fileName(path) })
  } catch (error: any) {
    if (error.reason !== 'cancel') rt.shell.toast({ title: rt.t('networkError'), icon: 'none' })
  }
}

export const preview: AreaFactory = (rt) => wxArea({
  async: {
    async previewImage(options) {
      requireParameter(options, 'urls', 'Array')
      const {
        urls,
        current,
        showmenu = true,
      } = options as { urls: string[]; current?: string | number; showmenu?: boolean }
      if (urls.length === 0) throw fail('urls is empty')
      const index = typeof current === 'number' ? current : urls.indexOf(current ?? '')
      const items = urls.map((url): Item => ({ url: String(url), type: 'image' }))
      await open(rt, items, index >= 0 && index < items.length ? index : 0, showmenu)
    },

    async previewMedia(options) {
      requireParameter(options, 'sources', 'Array')
      const { sources, current = 0, showmenu = true } = options
      if (sources.length === 0) throw fail('sources is empty')
      const items = sources.map(({ url, type, poster }): Item => ({ url, type: type ?? 'image', poster }))
      await open(rt, items, current < items.length ? current : 0, showmenu)
    },
  },
})
