/** Choosing pictures, videos and files: the host shows the picker, the frame keeps temporary files of the choice. */
import type { Runtime } from '../../runtime/context'
import type { WireObject } from '../../bridge/messages'
import type { AreaFactory } from '../kit'
import { extensionOf } from '../files/paths'
import { wxArea } from '../typed'
import { blobBytes, videoFacts } from './elements'
import { imageHeader } from './image-header'

interface Chosen {
  path: string
  bytes: Uint8Array
  name: string
  size: number
  /** seconds */
  time: number
  kind: 'image' | 'video' | 'file'
}

/** Lists that programs also write as one value. */
const LISTS = ['kinds', 'sourceType', 'extension']

async function choose(rt: Runtime, options: WireObject): Promise<Chosen[]> {
  const args = { ...options }
  for (const name of LISTS) if (typeof args[name] === 'string') args[name] = [args[name]]
  const { files } = await rt.call('chooseFiles', args)
  return (files as any[]).map(({ data, name, type, modified }) => {
    const bytes = new Uint8Array(data)
    return {
      path: rt.files.addTemp(bytes, extensionOf(name) || String(type).split('/')[1] || 'unknown'),
      bytes, name, size: bytes.length, time: Math.floor(modified / 1000),
      kind: /^image\//.test(type) ? 'image' : /^video\//.test(type) ? 'video' : 'file',
    }
  })
}

/** Size and length of a chosen video; a format the browser cannot play has none. */
async function videoFile(rt: Runtime, file: Chosen) {
  const facts = await videoFacts(rt.files.url(file.path), true).catch(() => ({
    duration: 0,
    width: 0,
    height: 0,
    thumbnail: undefined,
  }))
  const thumbTempFilePath = facts.thumbnail ? rt.files.addTemp(await blobBytes(facts.thumbnail), 'jpg') : ''
  const { duration, width, height } = facts
  return {
    tempFilePath: file.path,
    size: file.size,
    duration,
    width,
    height,
    thumbTempFilePath,
    fileType: 'video' as const,
  }
}

const imageFile = (file: Chosen) => {
  const { width, height } = imageHeader(file.bytes)
  return { tempFilePath: file.path, size: file.size, width, height, fileType: 'image' as const }
}

const isCompressed = (sizeType: unknown): boolean => Array.isArray(sizeType) && !sizeType.includes('original')

const clamp = (count: unknown, fallback: number, most: number): number =>
  typeof count === 'number' && count >= 1 ? Math.min(Math.floor(count), most) : fallback

export const chooseMedia: AreaFactory = (rt) =>
  wxArea({
    async: {
      async chooseImage({ count, sizeType, sourceType = ['album', 'camera'] }) {
        const files = await choose(rt, {
          kinds: ['image'],
          count: clamp(count, 9, 20),
          sourceType,
          camera: 'back',
          compressed: isCompressed(sizeType),
        })
        return {
          tempFilePaths: files.map((file) => file.path),
          tempFiles: files.map(({ path, size }) => ({ path, size })),
        }
      },

      async chooseVideo({ sourceType = ['album', 'camera'], camera = 'back', maxDuration = 60 }: any) {
        const [file] = await choose(rt, { kinds: ['video'], count: 1, sourceType, camera, maxDuration })
        return videoFile(rt, file!)
      },

      async chooseMedia({
        count,
        mediaType = ['image', 'video'],
        sourceType = ['album', 'camera'],
        camera = 'back',
        maxDuration = 10,
        sizeType,
      }) {
        const kinds = mediaType.includes('mix') ? ['image', 'video'] : mediaType
        const files = await choose(rt, {
          kinds,
          count: clamp(count, 9, 20),
          sourceType,
          camera,
          maxDuration,
          compressed: isCompressed(sizeType),
        })
        const tempFiles = await Promise.all(
          files.map((file) => (file.kind === 'video' ? videoFile(rt, file) : imageFile(file))),
        )
        const types = new Set(tempFiles.map((file) => file.fileType))
        return {
          tempFiles: tempFiles as WechatMiniprogram.MediaFile[],
          type: types.size > 1 ? 'mix' : types.has('video') ? 'video' : 'image',
        }
      },

      async chooseMessageFile({ count, type = 'all', extension }) {
        const kinds = type === 'all' ? ['image', 'video', 'file'] : [type]
        const files = await choose(rt, { kinds, count: clamp(count, 100, 100), sourceType: ['album'], extension })
        return { tempFiles: files.map(({ path, name, size, time, kind }) => ({ path, name, size, time, type: kind })) }
      },
    },
    partial: {
      chooseMessageFile: 'files are chosen from the device, not from a conversation',
      'chooseMedia.object.maxDuration': "the device's camera decides how long a video may be",
    },
  })
