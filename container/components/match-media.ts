/** `<match-media>`: shows its content while the window fits. */
import { Builtin } from './kit'

type Length = number | string
interface MatchMediaProps {
  minWidth: Length
  maxWidth: Length
  width: Length
  minHeight: Length
  maxHeight: Length
  height: Length
  orientation: string
}

const FEATURES = {
  minWidth: 'min-width', maxWidth: 'max-width', width: 'width',
  minHeight: 'min-height', maxHeight: 'max-height', height: 'height',
} as const

export class MatchMedia extends Builtin<MatchMediaProps> {
  static tag = 'match-media'
  static override properties = {
    minWidth: null, maxWidth: null, width: null, minHeight: null, maxHeight: null, height: null, orientation: null,
  }
  static css = 'wx-match-media{display:block}wx-match-media.eden-off{display:none}'

  private query: MediaQueryList | undefined
  private readonly show = () => { this.host.classList.toggle('eden-off', !this.query?.matches) }

  override update(): void {
    const conditions = Object.entries(FEATURES).flatMap(([name, feature]) => {
      const value = this.props[name as keyof MatchMediaProps] ?? ''
      return value === '' ? [] : [`(${feature}:${parseFloat(String(value)) || 0}px)`]
    })
    const { orientation } = this.props
    if (orientation === 'portrait' || orientation === 'landscape') conditions.push(`(orientation:${orientation})`)
    this.query?.removeEventListener('change', this.show)
    this.query = window.matchMedia(conditions.join(' and ') || 'all')
    this.query.addEventListener('change', this.show)
    this.show()
  }

  override detached(): void {
    this.query?.removeEventListener('change', this.show)
  }
}
