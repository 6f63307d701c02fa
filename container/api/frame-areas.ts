/** The areas of `wx` that stay in the frame. */
import type { AreaFactory } from './kit'
import { queries } from './queries'
import { routing } from './routing'
import { ui } from './ui'

export const FRAME_AREAS: AreaFactory[] = [ui, routing, queries]
