/** Format, size in pixels and orientation of an image, read from its first bytes. Pure. */

export type Orientation =
  | 'up' | 'up-mirrored' | 'down' | 'down-mirrored' | 'left-mirrored' | 'right' | 'right-mirrored' | 'left'

export interface ImageHeader {
  type: 'jpeg' | 'png' | 'gif' | 'tiff' | 'webp' | 'bmp' | 'unknown'
  /** 0 when the format does not say (SVG) */
  width: number
  height: number
  orientation: Orientation
}

/** EXIF's values 1 to 8, in WeChat's words. */
const ORIENTATIONS: Orientation[] = [
  'up', 'up-mirrored', 'down', 'down-mirrored', 'left-mirrored', 'right', 'right-mirrored', 'left',
]

const UNKNOWN: ImageHeader = { type: 'unknown', width: 0, height: 0, orientation: 'up' }

export function imageHeader(bytes: Uint8Array): ImageHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  try {
    return png(view) ?? jpeg(view) ?? gif(view) ?? webp(view) ?? bmp(view) ?? tiff(view) ?? UNKNOWN
  } catch {
    // RangeError: the file ends inside its header
    return UNKNOWN
  }
}

const upright = (type: ImageHeader['type'], width: number, height: number): ImageHeader => ({
  type,
  width,
  height,
  orientation: 'up',
})

const ascii = (view: DataView, at: number, length: number): string =>
  String.fromCharCode(
    ...new Uint8Array(view.buffer, view.byteOffset + at, Math.min(length, Math.max(0, view.byteLength - at))),
  )

const png = (view: DataView): ImageHeader | undefined =>
  ascii(view, 1, 3) === 'PNG' ? upright('png', view.getUint32(16), view.getUint32(20)) : undefined

const gif = (view: DataView): ImageHeader | undefined =>
  ascii(view, 0, 3) === 'GIF' ? upright('gif', view.getUint16(6, true), view.getUint16(8, true)) : undefined

const bmp = (view: DataView): ImageHeader | undefined =>
  ascii(view, 0, 2) === 'BM' ? upright('bmp', view.getInt32(18, true), Math.abs(view.getInt32(22, true))) : undefined

function webp(view: DataView): ImageHeader | undefined {
  if (ascii(view, 0, 4) !== 'RIFF' || ascii(view, 8, 4) !== 'WEBP') return undefined
  const uint24 = (at: number) => view.getUint16(at, true) | (view.getUint8(at + 2) << 16)
  switch (ascii(view, 12, 4)) {
    case 'VP8 ':
      return upright('webp', view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff)
    case 'VP8L': {
      const bits = view.getUint32(21, true)
      return upright('webp', (bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1)
    }
    default:
      return upright('webp', uint24(24) + 1, uint24(27) + 1)
  }
}

function jpeg(view: DataView): ImageHeader | undefined {
  if (view.getUint16(0) !== 0xffd8) return undefined
  let orientation: Orientation = 'up'
  for (let at = 2; at + 4 <= view.byteLength;) {
    const marker = view.getUint8(at + 1)
    if (view.getUint8(at) !== 0xff) return UNKNOWN
    if (marker === 0xff) { at += 1; continue }
    // frame headers: SOF0 to SOF15 without DHT, JPG and DAC
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return { type: 'jpeg', height: view.getUint16(at + 5), width: view.getUint16(at + 7), orientation }
    }
    if (marker === 0xe1 && ascii(view, at + 4, 4) === 'Exif') orientation = exifOrientation(view, at + 10)
    at += 2 + view.getUint16(at + 2)
  }
  return UNKNOWN
}

function tiff(view: DataView): ImageHeader | undefined {
  if (!['II*\0', 'MM\0*'].includes(ascii(view, 0, 4))) return undefined
  const width = tiffTag(view, 0, 0x100) ?? 0
  return { type: 'tiff', width, height: tiffTag(view, 0, 0x101) ?? 0, orientation: exifOrientation(view, 0) }
}

const exifOrientation = (view: DataView, start: number): Orientation =>
  ORIENTATIONS[(tiffTag(view, start, 0x112) ?? 1) - 1] ?? 'up'

/** A whole number in the first directory of a TIFF structure. */
function tiffTag(view: DataView, start: number, tag: number): number | undefined {
  const little = view.getUint16(start) === 0x4949
  const directory = start + view.getUint32(start + 4, little)
  for (let left = view.getUint16(directory, little), at = directory + 2; left > 0; left--, at += 12) {
    if (view.getUint16(at, little) !== tag) continue
    return view.getUint16(at + 2, little) === 3 ? view.getUint16(at + 8, little) : view.getUint32(at + 8, little)
  }
  return undefined
}
