/** `<page-meta>` and `<navigation-bar>`: what a page's configuration sets, from its template. */
import { Builtin } from './kit'

interface PageMetaProps {
  backgroundTextStyle: string
  backgroundColor: string
  backgroundColorTop: string
  backgroundColorBottom: string
  rootBackgroundColor: string
  scrollTop: string | number
  scrollDuration: number
  pageStyle: string
  pageFontSize: string
  rootFontSize: string
}

/** Segment of the page's style that belongs to this component (StyleSegmentIndex.TEMPLATE_EXTRA). */
const OWN_STYLE = 1

export class PageMeta extends Builtin<PageMetaProps> {
  static tag = 'page-meta'
  static override properties = {
    backgroundTextStyle: String, backgroundColor: String, backgroundColorTop: String, backgroundColorBottom: String,
    rootBackgroundColor: String,
    scrollTop: { type: null, value: '' },
    scrollDuration: { type: Number, value: 300 },
    pageStyle: String, pageFontSize: String, rootFontSize: String,
    pageOrientation: null,
  }
  static css = 'wx-page-meta{display:contents}wx-navigation-bar{display:none}'

  private remove: (() => void)[] = []

  override update(name: keyof PageMetaProps): void {
    const { page, props } = this
    if (!page) return
    if (name === 'pageStyle' || name === 'pageFontSize' || name === 'rootBackgroundColor') {
      const size = this.fontSize(props.pageFontSize)
      const background = props.rootBackgroundColor && `background-color:${props.rootBackgroundColor}`
      const style = [background, size && `font-size:${size}`, props.pageStyle].filter(Boolean).join(';')
      page.component.setNodeStyle(style, OWN_STYLE)
      page.scroller.style.overflowY = /overflow(-y)?\s*:\s*hidden/.test(props.pageStyle) ? 'hidden' : ''
    } else if (name === 'rootFontSize') this.setRoot(true)
    else if (name === 'scrollTop') {
      if (props.scrollTop === '' || props.scrollTop === null) return
      const top = parseFloat(String(props.scrollTop)) || 0
      // the scrolled content may come with this very rendering
      setTimeout(() => {
        const duration = Number(props.scrollDuration) || 0
        void this.rt.router.scrollTo(page, top, duration).then(() => this.trigger('scrolldone'))
      })
    } else if (name.startsWith('background') && props[name]) {
      this.rt.shell.setBackground({ [name === 'backgroundTextStyle' ? 'textStyle' : name]: props[name] as string })
    }
  }

  override attached(): void {
    const { page } = this
    if (!page) return
    const scrolled = () => this.trigger('scroll', { scrollTop: page.scroller.scrollTop })
    page.scroller.addEventListener('scroll', scrolled, { passive: true })
    this.remove.push(
      () => page.scroller.removeEventListener('scroll', scrolled),
      this.rt.on('windowResize', (size) => this.trigger('resize', size)),
      this.rt.on('pageShow', (shown) => { if (shown === page) this.setRoot(true) }),
      this.rt.on('pageHide', (hidden) => { if (hidden === page) this.setRoot(false) }),
    )
  }

  override detached(): void {
    for (const remove of this.remove.splice(0)) remove()
    this.setRoot(false)
  }

  /** `rem` counts from the document's root, which all pages share: it is this page's only while it is shown. */
  private setRoot(on: boolean): void {
    const size = this.fontSize(this.props.rootFontSize)
    if (size || this.props.rootFontSize) document.documentElement.style.fontSize = on ? size : ''
  }

  private fontSize(value: string): string {
    return value === 'system' ? `${this.rt.system.fontSizeSetting || 16}px` : this.authorStyle(value)
  }
}

interface NavigationBarProps {
  title: string
  loading: boolean
  frontColor: string
  backgroundColor: string
  colorAnimationDuration: number
  colorAnimationTimingFunc: string
}

export class NavigationBar extends Builtin<NavigationBarProps> {
  static tag = 'navigation-bar'
  static override properties = {
    title: { type: null, value: null },
    loading: { type: null, value: null },
    frontColor: String,
    backgroundColor: String,
    colorAnimationDuration: { type: Number, value: 0 },
    colorAnimationTimingFunc: { type: String, value: 'linear' },
  }

  override update(name: keyof NavigationBarProps): void {
    const { page, props, rt } = this
    const bar = rt.shell.navigationBar
    if (name === 'title' && typeof props.title === 'string') bar.setTitle(props.title, page)
    else if (name === 'loading' && props.loading !== null) bar.loading(Boolean(props.loading), page)
    else if ((name === 'frontColor' || name === 'backgroundColor') && props[name]) {
      bar.setColor({
        frontColor: props.frontColor, backgroundColor: props.backgroundColor,
        animation: { duration: props.colorAnimationDuration, timingFunc: props.colorAnimationTimingFunc },
      }, page)
    }
  }
}
