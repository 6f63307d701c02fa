/** Video files: information and saving. */
import type { AreaFactory } from '../kit'
import { fail, requireParameter } from '../kit'
import { extensionOf, fileName } from '../files/paths'
import { wxArea } from '../typed'
import { videoFacts } from './elements'
import { localBlob } from './source'

export const videos: AreaFactory = (rt) => wxArea({
  async: {
    async getVideoInfo(options) {
      requireParameter(options, 'src', 'String')
      const { size } = localBlob(rt, options.src)
      const { duration, width, height } = await videoFacts(rt.files.url(options.src), false)
      return {
        duration, width, height, orientation: 'up', type: extensionOf(options.src), size: Math.ceil(size / 1024),
        bitrate: duration > 0 ? Math.round((size * 8) / 1000 / duration) : 0, fps: 0,
      }
    },

    async compressVideo(options) {
      requireParameter(options, 'src', 'String')
      localBlob(rt, options.src)
      throw fail('not supported')
    },

    async saveVideoToPhotosAlbum(options) {
      requireParameter(options, 'filePath', 'String')
      await rt.call('saveVideoToPhotosAlbum', {
        data: localBlob(rt, options.filePath),
        name: fileName(options.filePath),
      })
    },
  },
  partial: {
    'getVideoInfo.result.fps': 'browsers do not tell the frame rate; 0',
    compressVideo: 'browsers cannot re-encode a video; fails',
    saveVideoToPhotosAlbum: 'a browser saves to its downloads folder',
  },
})
