/** glass-easel's events as the plain objects that WeChat gives to handlers. */
import type { Element as GlassElement, Event as GlassEvent, GeneralComponent } from 'glass-easel'

type Shadowed = GlassEvent<unknown> & {
  target: unknown
  currentTarget: unknown
  mark: { [name: string]: unknown } | null
  extraFields?: { [key: string]: unknown }
}

export interface EventTargetInfo {
  id: string
  dataset: { [name: string]: unknown }
  offsetLeft: number
  offsetTop: number
}

/** A method caller (what program code sees) or an element → the element. */
export const elementOf = (target: unknown): GlassElement => ((target as { _$?: GlassElement })._$ ?? target) as GlassElement

export const domOf = (element: GlassElement): HTMLElement | null => element.getBackendElement() as unknown as HTMLElement | null

function targetInfo(target: unknown): EventTargetInfo {
  const element = elementOf(target)
  // Offsets force layout, so they are read only when asked for.
  return {
    id: element.id,
    dataset: { ...(element.dataset as { [name: string]: unknown } | null) },
    get offsetLeft() { return domOf(element)?.offsetLeft ?? 0 },
    get offsetTop() { return domOf(element)?.offsetTop ?? 0 },
  }
}

const started = Date.now()

/** The event object of a handler. */
export function weChatEvent(event: Shadowed): { [key: string]: unknown } {
  return {
    type: event.type,
    timeStamp: Math.max(0, Date.now() - started),
    target: targetInfo(event.target),
    currentTarget: targetInfo(event.currentTarget),
    mark: event.mark ?? {},
    detail: event.detail ?? {},
    mut: false,
    ...event.extraFields,
    ...(event.type === 'tap' || event.type === 'longpress' ? { _userTap: true } : undefined),
    // Not documented, but programs written against older base libraries call them.
    stopPropagation: () => event.stopPropagation(),
    preventDefault: () => event.preventDefault(),
  }
}

export type { Shadowed, GeneralComponent }
