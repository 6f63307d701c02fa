/** Records as the server takes them: docs/observe-wire.md has the wire, docs/observe.md every kind and property. */

/** What can be switched and sampled, each by itself. */
export const KINDS = [
  'launch', 'page', 'tap', 'error', 'white_screen', 'request', 'set_data', 'long_task', 'event', 'log',
] as const
export type Kind = (typeof KINDS)[number]

/** Kinds that the frame measures. */
export const FRAME_KINDS = ['tap', 'white_screen', 'set_data', 'long_task'] as const satisfies readonly Kind[]

export type Level = 'debug' | 'info' | 'warn' | 'error'
export type Props = { [name: string]: unknown }

export interface Breadcrumb {
  /** ms */
  at: number
  category: 'page' | 'tap' | 'request' | 'log'
  message: string
  level?: Level
}

interface Common {
  /** ms since 1970 */
  at: number
  page?: string
  props?: Props
}

export type Draft =
  | (Common & { type: 'event'; name: string; value?: number })
  | (Common & { type: 'metric'; name: string; value: number; kind: 'gauge' | 'counter' })
  | (Common & { type: 'log'; level: Level; message: string; tag?: string; pull?: string })
  | (Common & {
    type: 'error'
    error: { type: string; message: string; stack?: string; fatal: boolean; handled: boolean; mechanism: string }
    breadcrumbs: Breadcrumb[]
  })

/** A draft with what every record has. */
export type ObservedRecord = Draft & { id: string; session: string }

/** The first line of a batch, without the time of sending. */
export interface Head {
  device: string
  user?: string
  context: { [name: string]: string }
  program: { version: string; code: number; release?: string; track?: 'trial' }
}
