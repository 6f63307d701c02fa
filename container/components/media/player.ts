/** What video and audio share: a media element whose events become the component's. */
import { Builtin, el } from '../kit'

/** "3:05" from seconds. */
export const clock = (seconds: number): string => {
  const whole = Number.isFinite(seconds) ? Math.max(0, Math.floor(seconds)) : 0
  const pad = (n: number) => String(n).padStart(2, '0')
  const hours = Math.floor(whole / 3600)
  return `${hours ? `${pad(hours)}:` : ''}${pad(Math.floor((whole % 3600) / 60))}:${pad(whole % 60)}`
}

/** Names of MediaError's codes. */
const ERRORS = ['', 'ABORTED', 'NETWORK', 'DECODE', 'SRC_NOT_SUPPORTED']
/** `timeupdate` at most this often, ms (WeChat's documented 250). */
const TIME_INTERVAL = 250

export interface PlayerProps {
  src: string
  loop: boolean
  muted: boolean
  autoplay: boolean
  initialTime: number
}

export abstract class Player<P extends PlayerProps, M extends HTMLMediaElement> extends Builtin<P> {
  media!: M
  private lastTime = 0

  protected setup(media: M): void {
    this.media = media
    const duration = () => (Number.isFinite(media.duration) ? media.duration : 0)
    const on = (type: string, run: () => void) => media.addEventListener(type, run)
    on('play', () => { this.trigger('play'); this.changed() })
    on('pause', () => { if (!media.ended) this.trigger('pause'); this.changed() })
    on('ended', () => { this.trigger('ended'); this.changed() })
    on('waiting', () => this.trigger('waiting'))
    on('loadedmetadata', () => {
      const { initialTime } = this.props
      if (initialTime > 0) media.currentTime = initialTime
      this.ready()
      this.changed()
    })
    on('timeupdate', () => {
      this.changed()
      const now = performance.now()
      if (now - this.lastTime < TIME_INTERVAL) return
      this.lastTime = now
      this.trigger('timeupdate', { currentTime: media.currentTime, duration: duration() })
    })
    on('progress', () => {
      const { buffered } = media
      const end = buffered.length ? buffered.end(buffered.length - 1) : 0
      this.trigger('progress', { buffered: duration() ? (end / duration()) * 100 : 0 })
    })
    on('seeked', () => { this.trigger('seekcomplete', { position: media.currentTime * 1000 }); this.changed() })
    on('volumechange', () => this.changed())
    on('error', () => { if (this.props.src) this.trigger('error', this.failure()) })
  }

  /** Show the state in the controls. */
  protected abstract changed(): void
  protected ready(): void {}

  private failure(): { errMsg: string } {
    return { errMsg: `MEDIA_ERR_${ERRORS[this.media.error?.code ?? 4]}` }
  }

  protected load(): void {
    const { media, props } = this
    if (props.src) media.src = this.rt.files.url(props.src, this.base)
    else media.removeAttribute('src')
    if (props.autoplay) this.play()
  }

  /** Browsers refuse sound before the person has touched the page; then the picture at least runs. */
  play(): void {
    this.media.play().catch((error: Error) => {
      if (error.name !== 'NotAllowedError' || this.media.muted) return
      this.media.muted = true
      this.media.play().catch(() => undefined)
    })
  }

  protected toggle(): void {
    if (this.media.paused) this.play()
    else this.media.pause()
  }

  override detached(): void {
    this.media.pause()
  }
}

/** A round or plain button of the controls; text is its accessible name. */
export const control = (className: string, name: string, path: string, run: () => void): HTMLButtonElement => {
  const button = el('button', `eden-media-button ${className}`)
  button.type = 'button'
  const box = 'viewBox="0 0 24 24" width="24" height="24" fill="currentColor" aria-hidden="true"'
  button.innerHTML = `<svg ${box}><path d="${path}"/></svg>`
  button.setAttribute('aria-label', name)
  button.addEventListener('click', run)
  return button
}

export const redraw = (button: HTMLButtonElement, name: string, path: string): void => {
  button.setAttribute('aria-label', name)
  button.querySelector('path')!.setAttribute('d', path)
}

export const PATHS = {
  play: 'M7 4.5v15l12-7.5z',
  pause: 'M7 5h3.5v14H7zm6.5 0H17v14h-3.5z',
  sound: 'M4 9v6h4l5 4V5L8 9zm11.5-1.2v8.4a4.6 4.6 0 0 0 0-8.4z',
  silent: 'M4 9v6h4l5 4V5L8 9zm17 1-1.2-1.2-2 2-2-2L14.6 10l2 2-2 2 1.2 1.2 2-2 2 2L21 14l-2-2z',
  full: 'M4 9V4h5v2H6v3zm11-5h5v5h-2V6h-3zM6 15v3h3v2H4v-5zm12 0h2v5h-5v-2h3z',
  small: 'M7 4h2v5H4V7h3zm8 0h2v3h3v2h-5zM4 15h5v5H7v-3H4zm11 0h5v2h-3v3h-2z',
}
