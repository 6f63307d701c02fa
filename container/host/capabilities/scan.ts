/** wx.scanCode: the camera where the browser can read codes, a picture, or typed text. */
import type { WireObject } from '../../bridge/messages'
import { button, h } from '../chrome/dom'
import { texts } from './arguments'
import { openCamera, pickFiles } from './panels'
import { say } from './strings'
import { cancelled, fail } from './types'
import type { Capability, HostCall } from './types'

interface Detected {
  rawValue: string
  format: string
}

interface Detector {
  detect(source: CanvasImageSource | Blob): Promise<Detected[]>
}

declare const BarcodeDetector:
  { new (options: { formats: string[] }): Detector; getSupportedFormats(): Promise<string[]> } | undefined

/** WeChat's names → those of the Shape Detection API. */
const FORMATS: { [scanType: string]: string[] } = {
  qrCode: ['qr_code'],
  barCode: ['ean_13', 'ean_8', 'upc_a', 'upc_e', 'code_128', 'code_39', 'code_93', 'codabar', 'itf'],
  datamatrix: ['data_matrix'],
  pdf417: ['pdf417'],
}

const SCAN_TYPES: { [format: string]: string } = { pdf417: 'PDF_417' }

const INTERVAL = 200

/** How wx.scanCode tells a code. */
export function scanned({ rawValue, format }: Detected): WireObject {
  const bytes = new TextEncoder().encode(rawValue)
  return {
    result: rawValue,
    scanType: SCAN_TYPES[format] ?? format.toUpperCase(),
    charSet: 'UTF-8',
    rawData: btoa(String.fromCharCode(...bytes)),
  }
}

async function detectorFor(scanTypes: string[]): Promise<Detector | undefined> {
  if (typeof BarcodeDetector === 'undefined') return undefined
  const supported = await BarcodeDetector.getSupportedFormats().catch(() => [] as string[])
  const formats = scanTypes.flatMap((type) => FORMATS[type] ?? []).filter((format) => supported.includes(format))
  return formats.length > 0 ? new BarcodeDetector({ formats }) : undefined
}

export const scanCode: Capability = async (call) => {
  const { args, prompt } = call
  if (!prompt.interactive) {
    if (!(await prompt.ask({ kind: 'confirm', title: say(call, 'scan') }))) throw cancelled()
    return scanned({ rawValue: 'https://example.com/', format: 'qr_code' })
  }
  const detector = await detectorFor(texts(args, 'scanType'))
  const found = await scanPanel(call, detector, args.onlyFromCamera === true)
  if (!found) throw cancelled()
  return scanned(found)
}

/** Resolves with the first code seen, chosen or typed; undefined when closed. */
async function scanPanel(
  call: HostCall,
  detector: Detector | undefined,
  onlyCamera: boolean,
): Promise<Detected | undefined> {
  const { prompt } = call
  const video = h('video', { style: 'width:100%;max-height:50vh;background:#000;object-fit:cover' })
  const stop = detector && (await openCamera(video, 'environment'))
  let found: Detected | undefined
  const note = h('p', { class: 'text', role: 'status' }, stop ? '' : say(call, 'noCamera'))
  const typed = h('input', {
    class: 'field',
    type: 'text',
    'aria-label': say(call, 'scanText'),
    placeholder: say(call, 'scanText'),
  })
  const content = h('div', {}, ...(stop ? [video] : []), note, typed)

  const accept = (code: Detected) => {
    found = code
    panel.close()
  }
  if (detector && !onlyCamera) {
    const readPicture = async () => {
      const [file] = await pickFiles(call, { accept: 'image/*', multiple: false }).catch(() => [])
      if (!file) return
      const [code] = await detector.detect(await createImageBitmap(file)).catch(() => [])
      if (code) accept(code)
      else note.textContent = say(call, 'nothingFound')
    }
    content.append(button(say(call, 'scanImage'), 'act', () => void readPicture()))
  }
  const panel = prompt.panel({ title: say(call, 'scan'), content, fullScreen: true, confirmText: say(call, 'confirm') })
  const look = async () => {
    const [code] = (await detector?.detect(video).catch(() => undefined)) ?? []
    if (code) accept(code)
  }
  const timer = stop && setInterval(() => void look(), INTERVAL)
  try {
    const confirmed = await panel.done
    if (found) return found
    if (confirmed && typed.value === '') throw fail('scan code fail')
    return confirmed ? { rawValue: typed.value, format: 'qr_code' } : undefined
  } finally {
    if (timer) clearInterval(timer)
    stop?.()
  }
}
