/** The object `wx`: every area, everything else WeChat documents as functions that fail, and `canIUse`. */
import type { Runtime } from '../runtime/context'
import { CONTENT_COMPONENTS } from '../components/content'
import { FORM_COMPONENTS } from '../components/forms'
import { canIUse, type Supported } from './can-i-use'
import { FRAME_AREAS } from './frame-areas'
import { HOST_AREAS } from './host-areas'
import type { AreaFactory } from './kit'
import { publish } from './kit'
import { API_NAMES } from './names'
import { unsupported } from './unsupported'

export const AREAS: readonly AreaFactory[] = [...FRAME_AREAS, ...HOST_AREAS]
export const BUILTINS = [...CONTENT_COMPONENTS, ...FORM_COMPONENTS]

export type WxObject = { [name: string]: any }

/** The members that work, and what is known about them. */
export function survey(
  rt: Runtime,
  areas: readonly AreaFactory[] = AREAS,
): { members: WxObject; supported: Supported } {
  const members: WxObject = {}
  const supported: Supported = { apis: new Set(['canIUse']), partial: {}, components: BUILTINS }
  for (const factory of areas) {
    const { async = {}, sync = {}, partial = {} } = factory(rt)
    for (const [name, run] of Object.entries(async)) members[name] = publish(rt, name, run)
    Object.defineProperties(members, Object.getOwnPropertyDescriptors(sync))
    Object.assign(supported.partial, partial)
    for (const name of [...Object.keys(async), ...Object.keys(sync)]) supported.apis.add(name)
  }
  return { members, supported }
}

/**
 * A plain object, enumerable and open for programs to add to. Names that WeChat does not know are undefined, so
 * that programs that feature-test them take their other branch.
 */
export function createWx(rt: Runtime, areas: readonly AreaFactory[] = AREAS): WxObject {
  const { members: wx, supported } = survey(rt, areas)
  wx.canIUse = (schema: unknown) => canIUse(supported, schema)
  for (const name of API_NAMES) if (!(name in wx)) wx[name] = unsupported(rt, name)
  return wx
}
