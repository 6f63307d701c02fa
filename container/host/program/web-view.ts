/** <web-view>: a page of the web over the whole phone, in a frame of its own that knows nothing of the program. */
import type { WireObject } from '../../bridge/messages'
import { CapabilityError } from '../capabilities/types'
import { mayReach, type DomainPolicy } from '../frame/policy'
import type { Domains } from '../package/manifest'
import type { Prompter } from '../prompt'

/** Same origin with the phone's page and scripts together would undo the sandbox; other sites need theirs to work. */
function sandboxOf(url: URL): string {
  return url.origin === location.origin
    ? 'allow-scripts allow-forms'
    : 'allow-scripts allow-forms allow-popups allow-same-origin'
}

/** Resolves when the page is shown; `closed` is called when the person leaves it. */
export function openWebView(
  args: WireObject,
  program: { domains: Domains | null; policy: DomainPolicy },
  prompter: Prompter,
  closed: () => void,
): void {
  const { url } = args
  if (typeof url !== 'string' || !mayReach(url, 'request', program.domains, program.policy)) {
    throw new CapabilityError('url not in domain list', 600002)
  }
  if (!prompter.interactive) return
  const address = new URL(url)
  const frame = document.createElement('iframe')
  frame.setAttribute('sandbox', sandboxOf(address))
  frame.referrerPolicy = 'no-referrer'
  frame.title = address.host
  frame.style.cssText = 'border:0;width:100%;height:100%;display:block;background:#fff'
  frame.src = address.href
  void prompter.panel({ title: address.host, content: frame, fullScreen: true }).done.then(closed)
}
