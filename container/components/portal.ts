/** `<root-portal>` and `<page-container>`: content that leaves its place for a layer over the page. */
import { Builtin, el } from './kit'

/** Puts `content` at the end of the page's root element; events still go the way of the template. */
abstract class Portal<P extends object> extends Builtin<P> {
  protected readonly content = el('div')

  override create(): void {
    this.slot = this.content
    // a DOM event inside belongs to this component, wherever the content stands
    ;(this.content as unknown as { __wxElement: unknown }).__wxElement = this.component
  }

  protected toPage(): void {
    this.page?.element.append(this.content)
  }

  override detached(): void {
    this.content.remove()
  }
}

export class RootPortal extends Portal<{ enable: boolean }> {
  static tag = 'root-portal'
  static override properties = { enable: { type: Boolean, value: true } }
  static css = 'wx-root-portal{display:contents}.eden-portal{position:absolute;top:0;left:0;width:100%;height:0}'

  override create(): void {
    super.create()
    this.host.append(this.content)
  }

  override update(): void {
    if (this.host.isConnected) this.attached()
  }

  override attached(): void {
    const { content, host, props } = this
    content.className = props.enable ? 'eden-portal' : ''
    if (props.enable) this.toPage()
    else if (content.parentNode !== host) host.append(content)
  }
}

interface PageContainerProps {
  show: boolean
  duration: number
  zIndex: number
  overlay: boolean
  position: 'top' | 'bottom' | 'right' | 'center'
  round: boolean
  closeOnSlideDown: boolean
  overlayStyle: string
  customStyle: string
}

/** A finger's way down that closes, px. */
const SLIDE = 60

const HIDDEN: { [position: string]: string } = {
  top: 'translateY(-100%)', bottom: 'translateY(100%)', right: 'translateX(100%)', center: 'scale(.8)',
}

export class PageContainer extends Portal<PageContainerProps> {
  static tag = 'page-container'
  static override properties = {
    show: Boolean,
    duration: { type: Number, value: 300 },
    zIndex: { type: Number, value: 100 },
    overlay: { type: Boolean, value: true },
    position: { type: String, value: 'bottom' },
    round: Boolean,
    closeOnSlideDown: Boolean,
    overlayStyle: String,
    customStyle: String,
  }
  static css = `wx-page-container{display:none}
.eden-popup{position:fixed;inset:0;visibility:hidden;overflow:hidden}
.eden-popup-mask{position:absolute;inset:0;background:rgba(0,0,0,.6);opacity:0;transition:opacity}
.eden-popup-box{position:absolute;background:#fff;transition:transform,opacity;transition-property:transform,opacity;
max-height:100%;overflow:auto}
.eden-popup-bottom{left:0;right:0;bottom:0}.eden-popup-top{left:0;right:0;top:0}
.eden-popup-right{top:0;right:0;bottom:0;min-width:100%}
.eden-popup-center{inset:0;margin:auto;width:fit-content;height:fit-content;opacity:0}
.eden-popup-on .eden-popup-mask,.eden-popup-on .eden-popup-box{opacity:1;transform:none!important}
.eden-popup-round.eden-popup-bottom{border-radius:16px 16px 0 0}.eden-popup-round.eden-popup-top{
border-radius:0 0 16px 16px}
.eden-popup-round.eden-popup-center{border-radius:16px}`

  private readonly mask = el('div', 'eden-popup-mask')
  private readonly popup = el('div', 'eden-popup', this.mask, this.content)
  private shown = false
  private timer = 0
  private startY = 0

  override create(): void {
    super.create()
    const { content, mask, popup } = this
    ;(popup as unknown as { __wxElement: unknown }).__wxElement = this.component
    popup.setAttribute('role', 'dialog')
    popup.setAttribute('aria-modal', 'true')
    mask.addEventListener('click', () => {
      this.trigger('clickoverlay')
      this.hide()
    })
    popup.addEventListener('keydown', (event) => { if (event.key === 'Escape') this.hide() })
    content.addEventListener('touchstart', (event) => { this.startY = event.touches[0]!.clientY }, { passive: true })
    content.addEventListener('touchend', (event) => {
      const { closeOnSlideDown, position } = this.props
      const down = event.changedTouches[0]!.clientY - this.startY
      if (closeOnSlideDown && position === 'bottom' && content.scrollTop <= 0 && down > SLIDE) this.hide()
    })
  }

  override update(name: keyof PageContainerProps): void {
    const { content, mask, popup, props } = this
    mask.hidden = !props.overlay
    mask.style.cssText = this.authorStyle(props.overlayStyle)
    content.className = `eden-popup-box eden-popup-${props.position}${props.round ? ' eden-popup-round' : ''}`
    const away = HIDDEN[props.position] ?? HIDDEN.bottom
    content.style.cssText = `transform:${away};${this.authorStyle(props.customStyle)}`
    popup.style.zIndex = String(props.zIndex)
    mask.style.transitionDuration = content.style.transitionDuration = `${props.duration}ms`
    if (name !== 'show' || props.show === this.shown) return
    if (props.show) this.open()
    else this.close()
  }

  protected override toPage(): void {
    this.page?.element.append(this.popup)
  }

  override detached(): void {
    clearTimeout(this.timer)
    this.shown = false
    this.popup.remove()
  }

  private open(): void {
    this.shown = true
    this.toPage()
    this.popup.style.visibility = 'visible'
    this.trigger('beforeenter')
    void this.popup.offsetWidth // the hidden state must have been laid out, or nothing moves
    this.popup.classList.add('eden-popup-on')
    this.trigger('enter')
    clearTimeout(this.timer)
    this.timer = window.setTimeout(() => this.trigger('afterenter'), this.props.duration)
  }

  private close(): void {
    this.shown = false
    this.trigger('beforeleave')
    this.popup.classList.remove('eden-popup-on')
    this.trigger('leave')
    clearTimeout(this.timer)
    this.timer = window.setTimeout(() => {
      this.popup.style.visibility = ''
      this.popup.remove()
      this.trigger('afterleave')
    }, this.props.duration)
  }

  /** Closed by the person: the property follows, the program hears of it through `leave`. */
  private hide(): void {
    if (this.shown) this.set({ show: false })
  }
}
