/** `<image>`: 320 × 240 px unless styled; the mode decides how the picture fills the box. */
import { Builtin, el } from './kit'

interface ImageProps {
  src: string
  mode: string
  lazyLoad: boolean
  fadeIn: boolean
  webp: boolean
  showMenuByLongpress: boolean
  alt: string
}

/** mode → [object-fit, object-position] */
const MODES: { [mode: string]: [string, string] } = {
  scaleToFill: ['fill', '50% 50%'],
  aspectFit: ['contain', '50% 50%'],
  aspectFill: ['cover', '50% 50%'],
  widthFix: ['fill', '50% 50%'],
  heightFix: ['fill', '50% 50%'],
  top: ['none', '50% 0'],
  bottom: ['none', '50% 100%'],
  center: ['none', '50% 50%'],
  left: ['none', '0 50%'],
  right: ['none', '100% 50%'],
  'top left': ['none', '0 0'],
  'top right': ['none', '100% 0'],
  'bottom left': ['none', '0 100%'],
  'bottom right': ['none', '100% 100%'],
}

export class Image extends Builtin<ImageProps> {
  static tag = 'image'
  static override properties = {
    src: String,
    mode: { type: String, value: 'scaleToFill' },
    lazyLoad: Boolean,
    fadeIn: Boolean,
    webp: Boolean,
    showMenuByLongpress: Boolean,
    alt: String,
  }
  static css = `wx-image{display:inline-block;width:320px;height:240px;overflow:hidden}
.eden-image{display:block;width:100%;height:100%;pointer-events:none}
.eden-image-off{visibility:hidden}
.eden-image-fade{transition:opacity .3s}`

  protected img!: HTMLImageElement
  private menu = false

  override create(): void {
    this.img = el('img', 'eden-image eden-image-off')
    this.img.alt = ''
    this.img.decoding = 'async'
    this.host.append(this.img)
    this.img.addEventListener('load', () => this.loaded())
    this.img.addEventListener('error', () => this.failed())
  }

  override update(name: keyof ImageProps): void {
    const { img, props } = this
    if (name === 'src') this.load()
    else if (name === 'mode') this.layout()
    else if (name === 'lazyLoad') img.loading = props.lazyLoad ? 'lazy' : 'eager'
    else if (name === 'alt') img.alt = props.alt
    else if (name === 'fadeIn') img.classList.toggle('eden-image-fade', props.fadeIn)
    else if (name === 'showMenuByLongpress' && props.showMenuByLongpress && !this.menu) {
      this.menu = true
      this.component.addListener('longpress', () => { void this.showMenu() })
    }
  }

  private load(): void {
    const { img, props } = this
    img.classList.add('eden-image-off')
    this.styleHost('')
    if (!props.src) return img.removeAttribute('src')
    img.src = this.rt.files.url(props.src, this.base)
  }

  private loaded(): void {
    this.img.classList.remove('eden-image-off')
    this.layout()
    this.trigger('load', { width: this.img.naturalWidth, height: this.img.naturalHeight })
  }

  private failed(): void {
    if (this.props.src) this.trigger('error', { errMsg: `GET ${this.props.src} 404 (Not Found)` })
  }

  private layout(): void {
    const { img, props: { mode } } = this
    const [fit, position] = MODES[mode] ?? MODES.scaleToFill!
    img.style.objectFit = fit
    img.style.objectPosition = position
    // until the picture is there the box has the size that the style gives it
    const ready = img.complete && img.naturalWidth > 0
    img.style.height = ready && mode === 'widthFix' ? 'auto' : ''
    img.style.width = ready && mode === 'heightFix' ? 'auto' : ''
    const fix = mode === 'widthFix' ? 'height:fit-content' : mode === 'heightFix' ? 'width:fit-content' : ''
    this.styleHost(ready ? fix : '')
  }

  private async showMenu(): Promise<void> {
    if (!this.props.showMenuByLongpress || !this.props.src) return
    const chosen = await this.rt.shell.actionSheet({ itemList: [this.rt.t('saveImage')] })
    if (chosen !== 0) return
    const { rt, props: { src } } = this
    const data = rt.files.read(src, this.base)
    const picture = data
      ? { data: new Blob([data as BlobPart]), name: src.slice(src.lastIndexOf('/') + 1) }
      : { url: this.img.src }
    await rt.call('saveImageToPhotosAlbum', picture).catch(() => undefined)
  }
}

/** `<cover-image>` is an image whose box takes the picture's size unless styled. */
export class CoverImage extends Image {
  static override tag = 'cover-image'
  static override css = 'wx-cover-image{display:inline-block;overflow:hidden;max-width:100%}'
}
