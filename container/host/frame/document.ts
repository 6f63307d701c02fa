/**
 * The two documents of a frame, as text.
 *
 * The guard is a sandboxed frame without a stranger's code. It only holds the policy and one frame, the program's,
 * and carries the messages of the start between it and the host. It exists because a frame may always navigate
 * itself, but not against the `frame-src` of the document around it.
 */
import { guardPolicies, type DomainPolicy } from './policy'

/** The name of the inner frame; tests and tools find it by this. */
export const PROGRAM_FRAME = 'eden-program'

/**
 * In the guard. `hello` and `policed` go up with nothing else; `port` and `policy` go down as they are. A second
 * load means that the program has left its document: `left` goes up.
 */
const GUARD = (child: HTMLIFrameElement): void => {
  const host = window.parent
  let loads = 0
  child.addEventListener('load', () => { if (++loads > 1) host.postMessage({ eden: 'left' }, '*') })
  window.addEventListener('message', (event) => {
    const kind = (event.data as { eden?: unknown } | null)?.eden
    if (event.source === host && (kind === 'port' || kind === 'policy')) {
      child.contentWindow?.postMessage(event.data, '*', [...event.ports])
    } else if (event.source === child.contentWindow && (kind === 'hello' || kind === 'policed')) {
      host.postMessage({ eden: kind }, '*')
    }
  })
}

/** In the program's frame, before the runtime: takes away what a policy cannot, and adds the program's policy. */
const BOOTSTRAP = (): void => {
  const scope = window as unknown as { [name: string]: unknown }
  for (const name of Object.getOwnPropertyNames(window)) if (/RTC|WebTransport/.test(name)) delete scope[name]
  const guard = window.parent
  window.addEventListener('message', (event) => {
    const message = event.data as { eden?: unknown; content?: unknown } | null
    if (event.source !== guard || message?.eden !== 'policy') return
    event.stopImmediatePropagation()
    if (typeof message.content === 'string') {
      const meta = document.createElement('meta')
      meta.httpEquiv = 'Content-Security-Policy'
      meta.content = message.content
      document.head.append(meta)
    }
    guard.postMessage({ eden: 'policed' }, '*')
  })
}

const attribute = (text: string): string => text.replace(/&/g, '&amp;').replace(/"/g, '&quot;')
/** Inside a script element "</script" and "<!--" mean something; where they stand in strings they are escaped. */
export const inScript = (text: string): string => text.replace(/<(?=\/script|!--)/gi, '\\x3c')
const head = '<meta charset="utf-8"><meta http-equiv="x-dns-prefetch-control" content="off">'

/** The guard's srcdoc. The program's document is inside as a string. */
export function guardDocument(runtime: string, policy: DomainPolicy): string {
  const nonce = randomText()
  const script = (text: string): string =>
    `<script nonce="${nonce}">${inScript(text)}\n;document.currentScript.remove()</script>`
  const program = '<!doctype html><html><head>' + head +
    '<meta name="viewport" content="width=device-width,initial-scale=1,viewport-fit=cover">' +
    script(`(${BOOTSTRAP.toString()})()`) + '</head><body>' + script(runtime) + '</body></html>'
  const build = `const f=document.createElement("iframe");f.name=${JSON.stringify(PROGRAM_FRAME)};` +
    'f.setAttribute("sandbox","allow-scripts");f.setAttribute("allow","autoplay");' +
    `f.srcdoc=${JSON.stringify(program)};f.style.cssText="border:0;width:100%;height:100%;display:block";` +
    `(${GUARD.toString()})(f);document.body.append(f)`
  const policies = guardPolicies(nonce, policy)
    .map((one) => `<meta http-equiv="Content-Security-Policy" content="${attribute(one)}">`)
  return `<!doctype html><html style="height:100%"><head>${head}${policies.join('')}</head>` +
    `<body style="margin:0;height:100%;overflow:hidden">${script(build)}</body></html>`
}

/** 32 hexadecimal digits that nobody can guess. */
export function randomText(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
