/** wx.navigateTo and its kin; the page stack itself is the runtime's router. */
import type { AreaFactory } from './kit'
import { requireParameter } from './kit'

export const routing: AreaFactory = (rt) => {
  const go =
    <T>(run: (options: any) => Promise<T>) =>
    (options: any): Promise<T> => {
      requireParameter(options, 'url', 'String')
      return run(options)
    }
  return {
    async: {
      navigateTo: go((options) => rt.router.navigateTo(options)),
      redirectTo: go((options) => rt.router.redirectTo(options)),
      reLaunch: go((options) => rt.router.reLaunch(options)),
      switchTab: go((options) => rt.router.switchTab(options)),
      navigateBack: ({ delta }) => rt.router.navigateBack(delta),
    },
    sync: {
      // Skyline's page transitions: builders are accepted, pages open with the ordinary one.
      router: {
        addRouteBuilder() {},
        removeRouteBuilder() {},
        getRouteContext: () => undefined,
      },
    },
    partial: {
      'navigateTo.object.routeType': 'pages open with the ordinary transition',
      'navigateTo.object.routeConfig': 'pages open with the ordinary transition',
      'navigateTo.object.routeOptions': 'pages open with the ordinary transition',
      'navigateTo.object.withOpenContainer': 'pages open with the ordinary transition',
      router: 'builders are accepted and not used: there is no Skyline',
    },
  }
}
