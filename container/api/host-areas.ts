/** The areas of `wx` that need the host. */
import type { AreaFactory } from './kit'
import { fileSystem } from './files/file-system'
import { http } from './network/http'
import { sockets } from './network/socket'
import { networkStatus } from './network/status'
import { storage } from './storage'

export const HOST_AREAS: AreaFactory[] = [
  http,
  sockets,
  networkStatus,
  storage,
  fileSystem,
]
