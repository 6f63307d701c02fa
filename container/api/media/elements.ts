/** Images and videos decoded by the browser. */
import { fail } from '../kit'

export function loadImage(url: string): Promise<HTMLImageElement> {
  return new Promise((resolve, reject) => {
    const image = new Image()
    image.onload = () => resolve(image)
    image.onerror = () => reject(fail('image decode fail'))
    image.src = url
  })
}

export interface VideoFacts {
  /** seconds */
  duration: number
  width: number
  height: number
}

/** Length and size of a video, and its first picture as JPEG when asked for. */
export async function videoFacts(url: string, picture: boolean): Promise<VideoFacts & { thumbnail?: Blob }> {
  const video = document.createElement('video')
  video.muted = true
  video.preload = 'auto'
  video.playsInline = true
  try {
    await new Promise<void>((resolve, reject) => {
      video.addEventListener(picture ? 'loadeddata' : 'loadedmetadata', () => resolve())
      video.onerror = () => reject(fail('video decode fail'))
      video.src = url
    })
    const facts = { duration: video.duration, width: video.videoWidth, height: video.videoHeight }
    return picture && facts.width > 0
      ? { ...facts, thumbnail: await draw(video, facts.width, facts.height, 'image/jpeg', 0.8) }
      : facts
  } finally {
    video.removeAttribute('src')
    video.load()
  }
}

/** A picture drawn at a size, encoded. */
export function draw(
  source: CanvasImageSource, width: number, height: number, type: string, quality: number,
  from: { x: number; y: number; width: number; height: number } | undefined = undefined,
): Promise<Blob> {
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(1, Math.round(width))
  canvas.height = Math.max(1, Math.round(height))
  const context = canvas.getContext('2d')!
  if (from) context.drawImage(source, from.x, from.y, from.width, from.height, 0, 0, canvas.width, canvas.height)
  else context.drawImage(source, 0, 0, canvas.width, canvas.height)
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(fail('image encode fail'))), type, quality))
}

export const blobBytes = async (blob: Blob): Promise<Uint8Array> => new Uint8Array(await blob.arrayBuffer())
