import type { AreaFactory } from './kit'
import { IntersectionObserver, MediaQueryObserver } from './observers'
import { SelectorQuery } from './selector-query'

/** Questions about elements. */
export const queries: AreaFactory = (rt) => ({
  sync: {
    createSelectorQuery: () => new SelectorQuery(rt),
    createIntersectionObserver: (component: unknown, options?: object) =>
      new IntersectionObserver(rt, component, options),
    createMediaQueryObserver: () => new MediaQueryObserver(rt),
  },
  partial: {
    'createIntersectionObserver.object.nativeMode': 'every observer runs natively',
  },
})
