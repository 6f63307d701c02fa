/**
 * `<web-view>`: other people's pages do not load inside the sandbox, which has no network. The page shows the
 * address, and the host opens it where it opens web pages.
 */
import { Builtin, el } from './kit'

export class WebView extends Builtin<{ src: string }> {
  static tag = 'web-view'
  static override properties = { src: String, progressBarColor: null, referrerPolicy: null }
  static css = `wx-web-view{display:flex;position:fixed;inset:0;flex-direction:column;align-items:center;
justify-content:center;gap:24px;padding:32px;box-sizing:border-box;background:#ededed;color:#191919;z-index:1;
font:16px/1.5 sans-serif;text-align:center}
[data-theme=dark] wx-web-view{background:#111;color:#d5d5d5}
.eden-web-address{max-width:100%;overflow-wrap:anywhere;color:inherit;opacity:.6;font-size:14px;max-height:40%;
overflow:hidden}
.eden-web-open{all:unset;min-width:184px;padding:12px 24px;box-sizing:border-box;border-radius:8px;
background:#07c160;color:#fff;font-weight:500;cursor:pointer}
.eden-web-open:focus-visible{outline:2px solid #07c160;outline-offset:2px}`

  private readonly address = el('div', 'eden-web-address')
  private readonly button = el('button', 'eden-web-open')

  override create(): void {
    this.button.type = 'button'
    this.button.textContent = this.rt.t('go')
    this.button.addEventListener('click', () => void this.open())
    this.host.append(this.address, this.button)
  }

  override update(name: string): void {
    if (name !== 'src') return
    const { src } = this.props
    this.address.textContent = src
    this.button.hidden = !src
  }

  private async open(): Promise<void> {
    const { src } = this.props
    try {
      await this.rt.call('openLink', { url: src, kind: 'webView' })
      this.trigger('load', { src })
    } catch (error) {
      const { reason } = error as { reason?: string }
      if (reason !== 'cancel') this.trigger('error', { url: src, fullUrl: src, errMsg: reason ?? 'not supported' })
    }
  }
}
