import { describe, expect, it } from 'vitest'
import { imageHeader } from './image-header'
import { distance, reach } from './zoom'

const bytes = (...parts: (string | number[])[]): Uint8Array =>
  Uint8Array.from(
    parts.flatMap((part) => (typeof part === 'string' ? [...part].map((char) => char.charCodeAt(0)) : part)),
  )

/** A JPEG's first segments: optional EXIF with this orientation, then a frame of 3 by 2. */
function jpeg(orientation?: number, little = false): Uint8Array {
  const short = (value: number) => (little ? [value, 0] : [0, value])
  const long = (value: number) => (little ? [value, 0, 0, 0] : [0, 0, 0, value])
  const exif =
    orientation === undefined
      ? []
      : [
          0xff,
          0xe1,
          0,
          34,
          ...bytes('Exif\0\0'),
          ...bytes(little ? 'II' : 'MM'),
          ...short(42),
          ...long(8),
          ...short(1),
          ...(little ? [0x12, 0x01] : [0x01, 0x12]),
          ...short(3),
          ...long(1),
          ...short(orientation),
          0,
          0,
          ...long(0),
        ]
  return bytes([0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, ...exif, 0xff, 0xc2, 0, 11, 8, 0, 2, 0, 3, 1, 0, 0, 0])
}

describe('image header', () => {
  it.each([
    ['png', bytes([0x89], 'PNG\r\n', [0x1a, 10, 0, 0, 0, 13], 'IHDR', [0, 0, 1, 0, 0, 0, 0, 9]), 256, 9],
    ['gif', bytes('GIF89a', [4, 1, 3, 0]), 260, 3],
    ['webp', bytes('RIFF', [0, 0, 0, 0], 'WEBPVP8X', [10, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 4, 0, 0]), 8, 5],
    ['webp', bytes('RIFF', [0, 0, 0, 0], 'WEBPVP8L', [0, 0, 0, 0, 0x2f, 0x02, 0x40, 0, 0]), 3, 2],
    ['bmp', bytes('BM', new Array(16).fill(0), [5, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff]), 5, 2],
    ['jpeg', jpeg(), 3, 2],
  ])('of %s', (type, data, width, height) => {
    expect(imageHeader(data)).toEqual({ type, width, height, orientation: 'up' })
  })

  it.each([
    [1, 'up'],
    [2, 'up-mirrored'],
    [3, 'down'],
    [4, 'down-mirrored'],
    [5, 'left-mirrored'],
    [6, 'right'],
    [7, 'right-mirrored'],
    [8, 'left'],
    [9, 'up'],
  ])('EXIF orientation %d is %s, in both byte orders', (value, orientation) => {
    expect(imageHeader(jpeg(value)).orientation).toBe(orientation)
    expect(imageHeader(jpeg(value, true)).orientation).toBe(orientation)
  })

  it('of anything else, or cut off, is unknown', () => {
    for (const data of [bytes(), bytes('hello'), bytes([0xff, 0xd8, 0xff]), jpeg().subarray(0, 9), bytes('RIFF')]) {
      expect(imageHeader(data)).toEqual({ type: 'unknown', width: 0, height: 0, orientation: 'up' })
    }
  })
})

it('zoom geometry', () => {
  expect(distance({ x: 0, y: 0 }, { x: 3, y: 4 })).toBe(5)
  expect(reach(100, 2)).toBe(50)
  expect(reach(100, 1)).toBe(0)
})
