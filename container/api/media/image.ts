/** Images: information, compression, cropping, saving. */
import type { AreaFactory } from '../kit'
import { requireParameter } from '../kit'
import { fileName } from '../files/paths'
import { wxArea } from '../typed'
import { blobBytes, draw, loadImage } from './elements'
import { imageHeader } from './image-header'
import { localBlob, mediaSource } from './source'

/** "3:4" and its kind; free when it is none. */
const ratioOf = (scale: string | undefined): number | undefined => {
  const parts = /^(\d+):(\d+)$/.exec(scale ?? '')
  return parts ? Number(parts[1]) / Number(parts[2]) : undefined
}

export const images: AreaFactory = (rt) => wxArea({
  async: {
    async getImageInfo(options) {
      requireParameter(options, 'src', 'String')
      const { path, bytes } = await mediaSource(rt, options.src)
      const { width, height, orientation, type } = imageHeader(bytes)
      if (width > 0) return { width, height, orientation, type: type as 'png', path }
      const image = await loadImage(rt.files.url(path))
      return { width: image.naturalWidth, height: image.naturalHeight, orientation: 'up', type: 'unknown', path }
    },

    async compressImage(options) {
      requireParameter(options, 'src', 'String')
      const { src, quality = 80, compressedWidth, compressedHeight } = options
      const { path, bytes } = await mediaSource(rt, src)
      const image = await loadImage(rt.files.url(path))
      const { naturalWidth, naturalHeight } = image
      const width =
        compressedWidth ?? (compressedHeight ? (naturalWidth * compressedHeight) / naturalHeight : naturalWidth)
      const height = compressedHeight ?? (naturalHeight * width) / naturalWidth
      // Quality works on JPEG only, as documented; a PNG keeps its transparency.
      const png = imageHeader(bytes).type === 'png'
      const blob = await draw(
        image,
        width,
        height,
        png ? 'image/png' : 'image/jpeg',
        Math.min(100, Math.max(0, quality)) / 100,
      )
      return { tempFilePath: rt.files.addTemp(await blobBytes(blob), png ? 'png' : 'jpg') }
    },

    async cropImage(options) {
      requireParameter(options, 'src', 'String')
      const { path } = await mediaSource(rt, options.src)
      const image = await loadImage(rt.files.url(path))
      const ratio = ratioOf(options.cropScale) ?? image.naturalWidth / image.naturalHeight
      const width = Math.min(image.naturalWidth, image.naturalHeight * ratio)
      const height = width / ratio
      const from = { x: (image.naturalWidth - width) / 2, y: (image.naturalHeight - height) / 2, width, height }
      const blob = await draw(image, width, height, 'image/jpeg', 0.92, from)
      return { tempFilePath: rt.files.addTemp(await blobBytes(blob), 'jpg') }
    },

    async saveImageToPhotosAlbum(options) {
      requireParameter(options, 'filePath', 'String')
      await rt.call('saveImageToPhotosAlbum', {
        data: localBlob(rt, options.filePath),
        name: fileName(options.filePath),
      })
    },
  },
  partial: {
    cropImage: 'the middle of the picture is kept, in the shape asked for',
    saveImageToPhotosAlbum: 'a browser saves to its downloads folder',
  },
})
