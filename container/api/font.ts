/** wx.loadFontFace. The bytes come through the host: the frame itself may not fetch. */
import type { Runtime } from '../runtime/context'
import { fail, requireParameter } from './kit'

const ADDRESS = /^\s*url\(\s*(["']?)(.*?)\1\s*\)/i

export async function loadFontFace(rt: Runtime, options: any): Promise<{ status: string }> {
  requireParameter(options, 'family', 'String')
  requireParameter(options, 'source', 'String')
  const { family, source, desc = {} } = options
  const address = ADDRESS.exec(source)?.[2] ?? source
  try {
    const face = new FontFace(family, await fontSource(rt, address), {
      style: desc.style ?? 'normal',
      weight: desc.weight ?? 'normal',
      featureSettings: desc.variant ?? 'normal',
    })
    document.fonts.add(await face.load())
  } catch {
    throw fail('A network error occurred.')
  }
  return { status: 'loaded' }
}

async function fontSource(rt: Runtime, address: string): Promise<ArrayBuffer | Uint8Array<ArrayBuffer> | string> {
  if (/^data:/i.test(address)) return `url(${JSON.stringify(address)})`
  if (!/^https?:/i.test(address)) {
    const bytes = rt.files.read(address)
    if (!bytes) throw new Error('no such file')
    return bytes.slice()
  }
  const { data } = await rt.call('downloadFile', { url: address, header: [] })
  return data as ArrayBuffer
}
