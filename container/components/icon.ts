/** `<icon>`: the eleven signs of WeChat, drawn as paths on a 24 × 24 grid. */
import { Builtin, rpx } from './kit'

interface IconProps {
  type: string
  size: number | string
  color: string
}

const DISC = 'M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20z'
const RING = 'M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zm0 1.3a8.7 8.7 0 1 1 0 17.4 8.7 8.7 0 0 1 0-17.4z'
const CHECK = 'M10.6 16.7 6.2 12.3l1.1-1.1 3.3 3.3 6.6-6.7 1.1 1.1z'
const EXCLAMATION = 'M11.1 6.5h1.8l-.2 7.4h-1.4zM12 15.4a1.1 1.1 0 1 1 0 2.2 1.1 1.1 0 0 1 0-2.2z'
const LETTER_I = 'M11.1 10.3h1.8v7.2h-1.8zM12 6.4a1.1 1.1 0 1 1 0 2.2 1.1 1.1 0 0 1 0-2.2z'
const CROSS = 'M12 10.9l3.4-3.4 1.1 1.1-3.4 3.4 3.4 3.4-1.1 1.1-3.4-3.4-3.4 3.4-1.1-1.1 3.4-3.4-3.4-3.4 1.1-1.1z'

const LENS = 'M10.5 3.5a7 7 0 0 1 5.5 11.3l5 5-1.2 1.2-5-5A7 7 0 1 1 10.5 3.5z' +
  'm0 1.6a5.4 5.4 0 1 0 0 10.8 5.4 5.4 0 0 0 0-10.8z'

/** type → [path, default colour]; a sign inside a disc is a hole (even-odd) */
export const ICONS: { [type: string]: [string, string] } = {
  success: [DISC + CHECK, '#07c160'],
  success_no_circle: ['M8.7 19.2 1.6 12.1l1.6-1.6 5.5 5.5L20.8 3.9l1.6 1.6z', '#07c160'],
  success_circle: [RING + CHECK, '#07c160'],
  info: [DISC + LETTER_I, '#10aeff'],
  info_circle: [RING + LETTER_I, '#10aeff'],
  warn: [DISC + EXCLAMATION, '#fa5151'],
  waiting: [`${DISC}M11.2 6.5h1.6v5.2l3.7 3.7-1.1 1.1-4.2-4.2z`, '#10aeff'],
  waiting_circle: [`${RING}M11.2 6.5h1.6v5.2l3.7 3.7-1.1 1.1-4.2-4.2z`, '#10aeff'],
  cancel: [RING + CROSS, '#fa5151'],
  download: [`${RING}M11.2 6.5h1.6v7.2l2.5-2.5 1.1 1.1-4.4 4.4-4.4-4.4 1.1-1.1 2.5 2.5z`, '#07c160'],
  search: [LENS, '#b2b2b2'],
  clear: [DISC + CROSS, '#b2b2b2'],
  circle: [RING, '#c9c9c9'],
}

/** SVG markup of a sign; `size` is any CSS length. */
export const iconSvg = (type: string, size: string, color = ''): string => {
  const [path, own] = ICONS[type] ?? ['', '']
  const box = `viewBox="0 0 24 24" width="${size}" height="${size}" style="display:block" aria-hidden="true"`
  return `<svg ${box} fill="${color || own}" fill-rule="evenodd"><path d="${path}"/></svg>`
}

/** A CSS length from a number (px) or a text with or without unit. */
export const length = (value: number | string | null | undefined, fallback: string): string => {
  if (value === '' || value === null || value === undefined) return fallback
  return Number.isNaN(Number(value)) ? rpx(String(value)) : `${Number(value)}px`
}

export class Icon extends Builtin<IconProps> {
  static tag = 'icon'
  static override properties = { type: String, size: { type: null, value: 23 }, color: String }
  static css = 'wx-icon{display:inline-block;font-size:0;vertical-align:middle;box-sizing:border-box}'

  override update(): void {
    const { type, size, color } = this.props
    // author's text goes through attributes, never into markup
    this.host.innerHTML = iconSvg(type, '100%')
    const svg = this.host.firstElementChild as SVGElement
    svg.style.width = svg.style.height = length(size, '23px')
    if (color) svg.style.fill = color
  }
}
