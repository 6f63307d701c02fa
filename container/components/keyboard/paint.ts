/** Paints the keys on one canvas. Labels are made here, for all keys alike, and nowhere else. */
import { upper, type Page, type Slot } from './layout'

export interface Look {
  dark: boolean
  shifted: boolean
  /** what the key of pages shows */
  pageLabel: string
}

const GAP = 3
const RADIUS = 7

export function paint(canvas: HTMLCanvasElement, page: Page, look: Look): void {
  const { width, height } = canvas.getBoundingClientRect()
  const ratio = window.devicePixelRatio || 1
  canvas.width = Math.round(width * ratio)
  canvas.height = Math.round(height * ratio)
  const context = canvas.getContext('2d')!
  context.scale(ratio, ratio)
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  for (const slot of page.slots) if (slot.action !== 'none') paintKey(context, page, slot, look, width, height)
}

function paintKey(context: CanvasRenderingContext2D, page: Page, slot: Slot, look: Look, width: number, height: number): void {
  const [left, top, wide, high] = slot.box
  const [x, y, w, h] = [left * width + GAP, top * height + GAP, wide * width - 2 * GAP, high * height - 2 * GAP]
  const plain = slot.action === 'key' || slot.action === 'space'
  context.fillStyle = look.dark ? (plain ? '#3a3a3c' : '#2a2a2c') : (plain ? '#ffffff' : '#c9cdd4')
  context.beginPath()
  context.roundRect(x, y, w, h, RADIUS)
  context.fill()
  context.fillStyle = look.dark ? '#f2f2f7' : '#111111'
  context.strokeStyle = context.fillStyle
  const [middle, centre] = [x + w / 2, y + h / 2]
  if (slot.action === 'key') {
    const byte = page.bytes[slot.index]!
    context.font = `500 ${Math.min(26, h * 0.5)}px system-ui, sans-serif`
    context.fillText(String.fromCharCode(look.shifted ? upper(byte) : byte), middle, centre + 1)
  } else if (slot.action === 'page') {
    context.font = `500 ${Math.min(16, h * 0.36)}px system-ui, sans-serif`
    context.fillText(look.pageLabel, middle, centre + 1)
  } else {
    sign(context, slot.action, middle, centre, look.shifted)
  }
}

/** Delete, shift and space as lines. */
function sign(context: CanvasRenderingContext2D, action: Slot['action'], x: number, y: number, filled: boolean): void {
  context.lineWidth = 1.8
  context.lineJoin = context.lineCap = 'round'
  const lines: { [name: string]: [number, number][][] } = {
    delete: [[[-11, 0], [-4, -7], [11, -7], [11, 7], [-4, 7], [-11, 0]], [[-1, -3], [6, 4]], [[6, -3], [-1, 4]]],
    shift: [[[0, -8], [9, 1], [4, 1], [4, 8], [-4, 8], [-4, 1], [-9, 1], [0, -8]]],
    space: [[[-16, -2], [-16, 3], [16, 3], [16, -2]]],
  }
  for (const line of lines[action] ?? []) {
    context.beginPath()
    line.forEach(([dx, dy], number) => (number ? context.lineTo(x + dx, y + dy) : context.moveTo(x + dx, y + dy)))
    if (filled && action === 'shift') context.fill()
    context.stroke()
  }
}
