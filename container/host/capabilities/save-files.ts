/** Files that leave a mini program: into the album, the downloads, another application. */
import { h } from '../chrome/dom'
import { blob, text, textEntries } from './arguments'
import { calendarFile, contactFile } from './cards'
import { download } from './panels'
import { say } from './strings'
import { cancelled, fail } from './types'
import type { Capability, HostCall } from './types'

/** Names go into the person's folders: only what looks like a file name. */
const safeName = (name: string): string =>
  name
    .replace(/[^\p{L}\p{N}._ -]/gu, '_')
    .replace(/^\.+/, '')
    .slice(-100) || 'file'

/** `{data, name}`, or `{url}` of a picture on the web. */
async function save(call: HostCall): Promise<void> {
  await call.authorize('scope.writePhotosAlbum')
  const { args } = call
  if (args.data !== undefined) return download(blob(args, 'data'), safeName(text(args, 'name', 'picture.jpg')))
  const response = await call.services
    .fetch(text(args, 'url'), { credentials: 'omit', signal: call.signal })
    .catch(() => undefined)
  if (!response?.ok) throw fail('download image fail')
  download(await response.blob(), safeName(new URL(text(args, 'url')).pathname.split('/').pop() || 'picture.jpg'))
}

export const saveImageToPhotosAlbum: Capability = async (call) => {
  await save(call)
  return {}
}

export const saveVideoToPhotosAlbum = saveImageToPhotosAlbum

export const saveFileToDisk: Capability = ({ args }) => {
  download(blob(args, 'data'), safeName(text(args, 'name', 'file')))
  return {}
}

/** The device's share sheet, else a download. */
export const shareFile: Capability = async ({ args }) => {
  const file = new File([blob(args, 'data')], safeName(text(args, 'name', 'file')), { type: blob(args, 'data').type })
  if (!navigator.canShare?.({ files: [file] })) {
    download(file, file.name)
    return {}
  }
  await navigator.share({ files: [file] }).catch(() => { throw cancelled() })
  return {}
}

/** PDF is shown by the browser's own viewer; other documents go to an application that knows them. */
export const openDocument: Capability = async (call) => {
  const { args } = call
  const name = safeName(text(args, 'name', 'document'))
  const type = text(args, 'type')
  if (!call.prompt.interactive) return {}
  if (type !== 'pdf') {
    const confirmed = await call.prompt.ask({
      kind: 'confirm',
      title: say(call, 'document'),
      content: name,
      confirmText: say(call, 'download'),
    })
    if (!confirmed) throw cancelled()
    download(blob(args, 'data'), name.endsWith(`.${type}`) ? name : `${name}.${type}`)
    return {}
  }
  // The type decides what the browser does with it: never a page of this origin.
  const url = URL.createObjectURL(new Blob([blob(args, 'data')], { type: 'application/pdf' }))
  const viewer = h('iframe', { src: url, title: name, style: 'border:0;width:100%;height:70vh' })
  void call.prompt.panel({ title: name, content: viewer, fullScreen: true }).done.then(() => URL.revokeObjectURL(url))
  return {}
}

export const addPhoneContact: Capability = async (call) => {
  await call.authorize('scope.addPhoneContact')
  const fields = Object.fromEntries(textEntries(call.args, 'contact'))
  download(new Blob([contactFile(fields)], { type: 'text/vcard' }), `${safeName(fields.firstName ?? 'contact')}.vcf`)
  return {}
}

export const addPhoneCalendar: Capability = async (call) => {
  await call.authorize('scope.addPhoneCalendar')
  const fields = Object.fromEntries(textEntries(call.args, 'entry'))
  download(
    new Blob([calendarFile(fields, Date.now())], { type: 'text/calendar' }),
    `${safeName(fields.title ?? 'event')}.ics`,
  )
  return {}
}
