/** The areas of `wx` that stay in the frame. */
import { animation } from './animation'
import { appEvents } from './app-events'
import { audio } from './audio/audio'
import { binary } from './binary'
import { canvas } from './canvas/canvas'
import { contexts } from './contexts'
import { diagnostics } from './diagnostics'
import type { AreaFactory } from './kit'
import { queries } from './queries'
import { routing } from './routing'
import { system } from './system'
import { ui } from './ui'
import { worklet } from './worklet'

export const FRAME_AREAS: AreaFactory[] = [
  ui,
  routing,
  queries,
  system,
  appEvents,
  diagnostics,
  binary,
  animation,
  worklet,
  canvas,
  contexts,
  audio,
]
