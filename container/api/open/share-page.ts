/** Sharing a page: by a button of open-type "share", or from the phone's menu. */
import type { PageHandle, Runtime } from '../../runtime/context'

/** Where the wish came from: detail of the runtime event "share". */
export interface ShareRequest {
  from?: 'button' | 'menu'
  /** the button, as events name it */
  target?: object
}

/** How long a page's promise may take, ms; then its other answers hold, as on WeChat. */
const PATIENCE = 3000

/** What the page offers, with WeChat's defaults: the program's name, the page with its query. */
export async function sharedCard(rt: Runtime, page: PageHandle, { from = 'menu', target }: ShareRequest) {
  const { instance, route, query } = page
  const said = rt.guard('onShareAppMessage', () => instance.onShareAppMessage?.({ from, target }))
  const late = new Promise((resolve) => { setTimeout(resolve, PATIENCE) })
  const promised = await Promise.race([said?.promise, late]).catch(() => undefined)
  const card = { ...said, ...(promised as object | undefined) } as { [name: string]: unknown }
  const search = Object.entries(query).map((pair) => pair.map(encodeURIComponent).join('=')).join('&')
  return {
    title: String(card.title ?? rt.boot.manifest.name ?? ''),
    path: String(card.path ?? `/${route}${search && `?${search}`}`),
    imageUrl: String(card.imageUrl ?? ''),
  }
}

/** Answer the wish to share, and offer it in the phone's menu on pages that have onShareAppMessage. */
export function followSharing(rt: Runtime): void {
  rt.on('share', async (request: ShareRequest) => {
    const page = rt.router.current()
    if (!page) return
    // WeChat tells nobody whether something was shared.
    await rt.call('shareAppMessage', await sharedCard(rt, page, request)).catch(() => undefined)
  })
  let offered = false
  rt.on('pageShow', (page: PageHandle) => {
    const offer = typeof page.instance.onShareAppMessage === 'function'
    if (offer === offered || !rt.hostHas('shareMenu')) return
    offered = offer
    rt.call('shareMenu', { visible: offer, menus: ['shareAppMessage'] }).catch(() => undefined)
  })
}
