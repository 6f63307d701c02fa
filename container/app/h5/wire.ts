/**
 * What the super app and the shell of a web application say to each other. The shell is a page of ours on the
 * program's own origin, so the program can speak in its name: the super app believes of it only what concerns the
 * program itself. And the shell listens only to the platform's pages.
 */

import { checkFrameMessage } from '../../bridge/check'
import type { Notice } from '../../bridge/messages'

/** Paths of ours on a program's origin; packages have none of them (`eden.release.packages` refuses it). */
export const RESERVED = '/.eden/'
export const SHELL = `${RESERVED}shell.html`

/** From the shell to its parent: it listens. */
export const HELLO = 'eden h5 shell'
/** The answer; with it comes the port for everything else. */
export const CONNECT = 'eden h5 connect'

/** Of a web application's version, as it was signed. */
export interface H5 {
  /** host name under which the package may name its own files */
  virtualHost: string
  /** where the same application is online; ends in "/" */
  fallbackUrl: string
  /** the first page: a path, with or without query */
  mainUrl: string
}

export type ToShell =
  /** run this version; the answer is `have` or `want` */
  | { kind: 'open'; id: string; h5: H5; title: string }
  /** a file of it, answered by `kept` */
  | { kind: 'file'; path: string; bytes: ArrayBuffer }
  /** all files were sent: start, answered by `started`; `collect`: somebody wants to know what the program does */
  | { kind: 'start'; collect: boolean }
  /** to the program's page before */
  | { kind: 'back' }

export type FromShell =
  | { kind: 'have' | 'want' | 'kept' | 'started' }
  | Heard
  /** it cannot be run here, which is not the version's fault; `storage`: the browser gives this origin none */
  | { kind: 'failed'; message: string; storage: boolean }

/** Of the program that runs. */
export type Heard =
  | { kind: 'painted' | 'loaded' }
  | { kind: 'title'; title: string }
  /** whether there is a page before the one that is shown */
  | { kind: 'way'; back: boolean }
  /** a script error of the program */
  | { kind: 'error'; message: string }
  /** what it does, as frames of mini programs tell of it: `route`, `painted`, `error`, `observed` */
  | { kind: 'notice'; notice: Notice }

const PLAIN: readonly unknown[] = ['have', 'want', 'kept', 'started', 'painted', 'loaded']
const NOTICES: readonly string[] = ['route', 'painted', 'error', 'observed'] satisfies Notice['kind'][]
const MAX_TEXT = 2000

/** A message of the shell; undefined for what is none. */
export function readMessage(value: unknown): FromShell | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { kind, title, message, storage, back, notice } = value as {
    [name in 'kind' | 'title' | 'message' | 'storage' | 'back' | 'notice']?: unknown
  }
  if (PLAIN.includes(kind)) return { kind } as FromShell
  if (kind === 'title' && typeof title === 'string') return { kind, title: title.slice(0, MAX_TEXT) }
  if (kind === 'way') return { kind, back: back === true }
  if (kind === 'error' && typeof message === 'string') return { kind, message: message.slice(0, MAX_TEXT) }
  if (kind === 'notice') {
    const checked = checkFrameMessage(notice)
    return checked.ok && NOTICES.includes(checked.message.kind) ? { kind, notice: checked.message as Notice } : undefined
  }
  if (kind === 'failed' && typeof message === 'string') {
    return { kind, message: message.slice(0, MAX_TEXT), storage: storage === true }
  }
  return undefined
}

/** The signed fields of a version's manifest; undefined when they are not what a release server signs. */
export function readH5(value: unknown): H5 | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { virtual_host: host, fallback_url: online, main_url: main = '/index.html' } = value as {
    virtual_host?: unknown; fallback_url?: unknown; main_url?: unknown
  }
  if (typeof host !== 'string' || typeof online !== 'string' || typeof main !== 'string') return undefined
  if (!/^https?:\/\/[^/]/.test(online) || !isAddress(online) || !/^\/(?![/\\])/.test(main)) return undefined
  return { virtualHost: host, fallbackUrl: online, mainUrl: main }
}

function isAddress(text: string): boolean {
  try {
    return new URL(text).host !== ''
  } catch {
    return false
  }
}
