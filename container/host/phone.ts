/**
 * `<eden-phone>`: EdenHost as an element.
 *
 *     <eden-phone runtime="/eden/runtime.js" package="/packages/bank/" path="pages/index/index"></eden-phone>
 *
 * Attributes: `runtime` and `base` (container bundle), `package`, `path`, `locale`, `theme`, `mode`,
 * `domains` ("listed", "any"), `prompts`, `storage`. What is no text is given as the property `options` before the
 * element is put in the document. Events are those of EdenHost; they do not bubble.
 */
import { EdenHost } from './host'
import type { HostOptions } from './options'

const EVENTS = [
  'route',
  'log',
  'error',
  'unsupported',
  'painted',
  'crash',
  'prompt',
  'front',
  'update',
  'updateRefused',
  'report',
  'undecided',
  'internal',
] as const

/** An attribute's value, if it is one of these. */
function choice<T extends string>(value: string | null, ...allowed: T[]): T | undefined {
  return allowed.find((one) => one === value)
}

export class EdenPhone extends HTMLElement {
  static readonly observedAttributes = ['package', 'path', 'theme']

  options: Partial<Omit<HostOptions, 'container'>> = {}
  private phone: EdenHost | undefined

  /** The host while the element is in a document. */
  get host(): EdenHost | undefined { return this.phone }

  connectedCallback(): void {
    if (getComputedStyle(this).display === 'inline') this.style.display = 'block'
    this.phone = new EdenHost({ ...this.fromAttributes(), ...this.options, container: this })
    for (const name of EVENTS) {
      this.phone.addEventListener(name, (event) =>
        this.dispatchEvent(new CustomEvent(name, { detail: (event as CustomEvent<unknown>).detail })),
      )
    }
    this.open()
  }

  disconnectedCallback(): void {
    this.phone?.destroy()
    this.phone = undefined
  }

  attributeChangedCallback(name: string, before: string | null, value: string | null): void {
    if (!this.phone || before === value) return
    if (name === 'theme') this.phone.setTheme(value === 'dark' ? 'dark' : 'light')
    else this.open()
  }

  private open(): void {
    const url = this.getAttribute('package')
    if (url) void this.phone?.open(url, { path: this.getAttribute('path') ?? '' })
  }

  private fromAttributes(): Partial<HostOptions> {
    const text = (name: string): string | undefined => this.getAttribute(name) ?? undefined
    const domains = choice(this.getAttribute('domains'), 'listed', 'any')
    const found = {
      runtimeUrl: text('runtime'),
      baseUrl: text('base'),
      policy: domains && { domains },
      locale: choice(this.getAttribute('locale'), 'zh_CN', 'en'),
      theme: choice(this.getAttribute('theme'), 'light', 'dark'),
      mode: choice(this.getAttribute('mode'), 'develop', 'trial', 'release', 'check'),
      prompts: choice(this.getAttribute('prompts'), 'ask', 'grant', 'refuse'),
      storage: choice(this.getAttribute('storage'), 'cache', 'indexeddb', 'memory'),
    }
    return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
  }
}
