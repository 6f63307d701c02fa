/** The areas of `wx` that need the host. */
import { ads } from './ads'
import { cloud } from './cloud'
import { location } from './device/location'
import { phone } from './device/phone'
import { radio } from './device/radio'
import { sensors } from './device/sensors'
import { fileSystem } from './files/file-system'
import type { AreaFactory } from './kit'
import { chooseMedia } from './media/choose'
import { documents } from './media/document'
import { images } from './media/image'
import { preview } from './media/preview'
import { recorder } from './media/recorder'
import { videos } from './media/video'
import { voice } from './media/voice'
import { http } from './network/http'
import { sockets } from './network/socket'
import { networkStatus } from './network/status'
import { login } from './open/login'
import { payment } from './open/payment'
import { personal } from './open/personal'
import { programs } from './open/programs'
import { settings } from './open/settings'
import { share } from './open/share'
import { storage } from './storage'
import { workers } from './worker'

export const HOST_AREAS: AreaFactory[] = [
  http, sockets, networkStatus, storage, fileSystem,
  chooseMedia, images, videos, preview, documents, recorder, voice,
  login, settings, payment, personal, programs, share,
  location, phone, sensors, radio,
  cloud, workers, ads,
]
