/** Every call of a frame that this phone answers, by name. */
import * as account from './account'
import { chooseAvatar, chooseFiles } from './choose-files'
import * as device from './device'
import * as location from './location'
import { downloadFile, request, uploadFile } from './network'
import { requestPayment } from './payment'
import { fileWrite, storageWrite } from './persistence'
import * as personal from './personal'
import * as programs from './programs'
import * as recorder from './recorder'
import * as files from './save-files'
import { rpc } from './rpc'
import { scanCode } from './scan'
import { secureKeyboard } from './secure-keyboard'
import { sensorStart, sensorStop } from './sensors'
import * as settings from './settings'
import { socketClose, socketConnect, socketSend } from './socket'
import { taskAbort } from './tasks'
import type { Capability } from './types'

export { kept } from './persistence'

export const CAPABILITIES: { readonly [name: string]: Capability } = {
  request, uploadFile, downloadFile, taskAbort, rpc, secureKeyboard,
  socketConnect, socketSend, socketClose,
  storageWrite, fileWrite,
  chooseFiles, chooseAvatar, scanCode, requestPayment, sensorStart, sensorStop,
  // These modules export capabilities only.
  ...account, ...settings, ...programs, ...personal, ...files, ...location, ...device, ...recorder,
}
