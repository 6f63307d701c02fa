/** chooseFiles: pictures, videos and other files, from the camera or the device, as bytes. */
import type { WireObject } from '../../bridge/messages'
import { button, h } from '../chrome/dom'
import { number, text, texts } from './arguments'
import { isPhone, openCamera, pickFiles } from './panels'
import { say } from './strings'
import { cancelled, fail } from './types'
import type { Capability, HostCall } from './types'

/** The answer crosses to the frame in memory. */
const MAX_FILE = 128 * 1024 * 1024
/** Longest side of a compressed picture, in pixels, and its quality: what WeChat's own compression comes to. */
const COMPRESSED_SIDE = 1920
const COMPRESSED_QUALITY = 0.8

export const chooseFiles: Capability = async (call) => {
  const { args, prompt } = call
  const kinds = texts(args, 'kinds')
  const count = number(args, 'count', 1)
  const files = prompt.interactive
    ? (await chosenByPerson(call, kinds, count)).slice(0, count)
    : [await standIn(call, kinds)]
  const answer: WireObject[] = []
  for (const file of files) {
    if (file.size > MAX_FILE) throw fail('file size exceeds the limit')
    const data = args.compressed === true && file.type.startsWith('image/') ? await compress(file) : file
    answer.push({ name: file.name, type: data.type, modified: file.lastModified, data: await data.arrayBuffer() })
  }
  return { files: answer }
}

async function chosenByPerson(call: HostCall, kinds: string[], count: number): Promise<File[]> {
  const { args, prompt } = call
  const sources = texts(args, 'sourceType')
  let source = sources.includes('album') ? 'album' : 'camera'
  if (sources.includes('album') && sources.includes('camera')) {
    const index = await prompt.ask({ kind: 'choose', items: [say(call, 'camera'), say(call, 'album')] })
    if (index < 0) throw cancelled()
    source = index === 0 ? 'camera' : 'album'
  }
  const accept = accepted(kinds, texts(args, 'extension'))
  const facing = args.camera === 'front' ? 'user' : 'environment'
  if (source === 'album') return pickFiles(call, { accept, multiple: count > 1 })
  if (isPhone() || !kinds.includes('image')) return pickFiles(call, { accept, multiple: false, capture: facing })
  return [await photograph(call, facing)]
}

/** What the file dialog offers. */
export function accepted(kinds: string[], extensions: string[]): string {
  if (extensions.length > 0) return extensions.map((one) => `.${one.replace(/^\./, '')}`).join(',')
  if (kinds.includes('file')) return ''
  return kinds.map((kind) => `${kind}/*`).join(',')
}

/** A picture from a computer's camera. */
async function photograph(call: HostCall, facing: 'user' | 'environment'): Promise<File> {
  const video = h('video', { style: 'width:100%;background:#000' })
  const stop = await openCamera(video, facing)
  if (!stop) return (await pickFiles(call, { accept: 'image/*', multiple: false }))[0]!
  try {
    let shot: Promise<Blob> | undefined
    const panel = call.prompt.panel({
      title: say(call, 'camera'),
      fullScreen: true,
      content: h('div', {}, video, button(say(call, 'shutter'), 'act main', () => {
        shot = encode(video, video.videoWidth, video.videoHeight, 0.92)
        panel.close()
      })),
    })
    await panel.done
    if (!shot) throw cancelled()
    return new File([await shot], `IMG_${Date.now()}.jpg`, { type: 'image/jpeg' })
  } finally {
    stop()
  }
}

async function compress(file: File): Promise<Blob> {
  try {
    const image = await createImageBitmap(file)
    const scale = Math.min(1, COMPRESSED_SIDE / Math.max(image.width, image.height))
    const smaller = await encode(image, image.width * scale, image.height * scale, COMPRESSED_QUALITY)
    return smaller.size < file.size ? smaller : file
  } catch {
    return file
  }
}

function encode(source: CanvasImageSource, width: number, height: number, quality: number): Promise<Blob> {
  const canvas = new OffscreenCanvas(Math.max(1, Math.round(width)), Math.max(1, Math.round(height)))
  canvas.getContext('2d')!.drawImage(source, 0, 0, canvas.width, canvas.height)
  return canvas.convertToBlob({ type: 'image/jpeg', quality })
}

/** A grey picture or an empty text file when nobody is there to choose. */
async function standIn(call: HostCall, kinds: string[]): Promise<File> {
  if (!(await call.prompt.ask({ kind: 'confirm', title: say(call, 'chooseFile') }))) throw cancelled()
  if (kinds.includes('image')) return new File([await picture()], 'picture.png', { type: 'image/png' })
  if (kinds.includes('file')) {
    const [extension = 'txt'] = texts(call.args, 'extension')
    return new File(['Eden\n'], `file.${extension.replace(/^\./, '')}`, { type: 'text/plain' })
  }
  throw cancelled()
}

export function picture(): Promise<Blob> {
  const canvas = new OffscreenCanvas(320, 240)
  const context = canvas.getContext('2d')!
  const sky = context.createLinearGradient(0, 0, 320, 240)
  sky.addColorStop(0, '#c8d4e0')
  sky.addColorStop(1, '#7c8ea4')
  context.fillStyle = sky
  context.fillRect(0, 0, 320, 240)
  return canvas.convertToBlob({ type: 'image/png' })
}

/** chooseAvatar: the picture for a button of that open-type. */
export const chooseAvatar: Capability = async (call) => {
  const file = call.prompt.interactive
    ? (await pickFiles(call, { accept: 'image/*', multiple: false }))[0]!
    : await standIn(call, ['image'])
  return {
    data: await (await compress(file)).arrayBuffer(),
    type: 'image/jpeg',
    name: text(call.args, 'name', file.name),
  }
}
