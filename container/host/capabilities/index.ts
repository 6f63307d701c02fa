/** Every call of a frame that this phone answers, by name. */
import { downloadFile, request, uploadFile } from './network'
import { fileWrite, storageWrite } from './persistence'
import { socketClose, socketConnect, socketSend } from './socket'
import { taskAbort } from './tasks'
import type { Capability } from './types'

export { kept } from './persistence'

export const CAPABILITIES: { readonly [name: string]: Capability } = {
  request, uploadFile, downloadFile, taskAbort,
  socketConnect, socketSend, socketClose,
  storageWrite, fileWrite,
}
