/** `<video>` with WeChat's controls, gestures and bullet comments (danmu). */
import { onDrag } from '../drag'
import { cssUrl, el } from '../kit'
import { clock, control, PATHS, Player, type PlayerProps, redraw } from './player'

interface Danmu {
  text: string
  color?: string
  /** seconds */
  time?: number
}

interface VideoProps extends PlayerProps {
  duration: number
  controls: boolean
  danmuList: Danmu[]
  danmuBtn: boolean
  enableDanmu: boolean
  direction: number
  showProgress: boolean
  showFullscreenBtn: boolean
  showPlayBtn: boolean
  showCenterPlayBtn: boolean
  showMuteBtn: boolean
  enableProgressGesture: boolean
  enablePlayGesture: boolean
  objectFit: string
  poster: string
  title: string
  playBtnPosition: string
  autoPauseIfNavigate: boolean
}

/** A drag over the whole width moves by this time at most, s. */
const WIDTH_SECONDS = 120
/** Controls go away after this, ms. */
const CONTROLS_TIME = 5000

export class Video extends Player<VideoProps, HTMLVideoElement> {
  static tag = 'video'
  static override properties = {
    src: String, loop: Boolean, muted: Boolean, autoplay: Boolean, initialTime: Number, duration: Number,
    controls: { type: Boolean, value: true },
    danmuList: { type: Array, value: [] },
    danmuBtn: Boolean,
    enableDanmu: Boolean,
    direction: { type: Number, value: 0 },
    showProgress: { type: Boolean, value: true },
    showFullscreenBtn: { type: Boolean, value: true },
    showPlayBtn: { type: Boolean, value: true },
    showCenterPlayBtn: { type: Boolean, value: true },
    showMuteBtn: Boolean,
    enableProgressGesture: { type: Boolean, value: true },
    enablePlayGesture: Boolean,
    objectFit: { type: String, value: 'contain' },
    poster: String,
    title: String,
    playBtnPosition: { type: String, value: 'bottom' },
    autoPauseIfNavigate: { type: Boolean, value: true },
    // accepted; they concern native windows that a web page does not have
    autoPauseIfOpenNative: null, pageGesture: null, vslideGesture: null, vslideGestureInFullscreen: null,
    pictureInPictureMode: null, pictureInPictureShowProgress: null, enableAutoRotation: null,
    showScreenLockButton: null, showSnapshotButton: null, showBackgroundPlaybackButton: null, backgroundPoster: null,
    showCastingButton: null, adUnitId: null, posterForCrawler: null, isDrm: null, provisionUrl: null,
    certificateUrl: null, licenseUrl: null, preferredPeakBitRate: null, isLive: null, referrerPolicy: null,
    type: null, enableAutoOrientation: null,
  }
  static css = `wx-video{display:inline-block;position:relative;width:300px;height:225px;line-height:0;
overflow:hidden;background:#000;color:#fff}
.eden-video{width:100%;height:100%}
.eden-video-cover{position:absolute;inset:0;background:#000 50%/contain no-repeat;pointer-events:none}
.eden-video-center{position:absolute;inset:0;display:flex;align-items:center;justify-content:center;
pointer-events:none}
.eden-media-button{all:unset;display:inline-flex;flex:none;cursor:pointer;padding:8px;pointer-events:auto}
.eden-media-button:focus-visible{outline:2px solid #fff;outline-offset:-4px}
.eden-video-center .eden-media-button{background:rgba(0,0,0,.45);border-radius:50%;padding:16px}
.eden-video-center svg{width:32px;height:32px}
.eden-video-bar{position:absolute;left:0;right:0;bottom:0;display:flex;align-items:center;height:44px;
font:12px/1 sans-serif;background:linear-gradient(transparent,rgba(0,0,0,.6));transition:opacity .2s}
.eden-video-title{position:absolute;top:0;left:0;right:0;padding:12px;font:14px/1.4 sans-serif;
background:linear-gradient(rgba(0,0,0,.5),transparent);white-space:nowrap;overflow:hidden;text-overflow:ellipsis;
pointer-events:none}
.eden-video-idle .eden-video-bar,.eden-video-idle .eden-video-title{opacity:0;pointer-events:none}
.eden-video-range{flex:1;min-width:0;margin:0 8px;accent-color:#fff;height:3px;cursor:pointer}
.eden-video-danmu{position:absolute;inset:0;overflow:hidden;pointer-events:none}
.eden-video-danmu span{position:absolute;left:100%;white-space:nowrap;font:16px/1.4 sans-serif;
text-shadow:0 0 2px #000;animation:eden-danmu 6s linear forwards}
@keyframes eden-danmu{to{left:0;transform:translateX(-100%)}}
wx-video [hidden]{display:none!important}`

  private readonly cover = el('div', 'eden-video-cover')
  private readonly danmu = el('div', 'eden-video-danmu')
  private readonly center = el('div', 'eden-video-center')
  private readonly heading = el('div', 'eden-video-title')
  private readonly range = el('input', 'eden-video-range')
  private readonly now = el('span')
  private readonly total = el('span')
  private readonly playButton = control('', this.rt.t('play'), PATHS.play, () => this.toggle())
  private readonly muteButton = control('', this.rt.t('mute'), PATHS.sound, () => this.mute())
  private readonly danmuButton = el('button', 'eden-media-button', '弹')
  private readonly fullButton = control('', this.rt.t('fullscreen'), PATHS.full, () => this.turnFullScreen())
  private readonly bar = el('div', 'eden-video-bar')
  private hideTimer = 0
  private started = false
  private fullScreen = false
  private danmuOn = true
  private shownUntil = 0
  private removeListeners: (() => void)[] = []

  override create(): void {
    const { host, range, rt } = this
    const video = el('video', 'eden-video')
    video.playsInline = true
    video.preload = 'metadata'
    video.disableRemotePlayback = true
    this.setup(video)
    range.type = 'range'
    range.max = '1000'
    range.value = '0'
    range.setAttribute('aria-label', rt.t('progress'))
    this.center.append(control('', rt.t('play'), PATHS.play, () => this.play()))
    this.bar.append(this.playButton, this.now, range, this.total, this.danmuButton, this.muteButton, this.fullButton)
    // the author's cover-views lie over the picture and under nothing
    this.slot = el('div')
    host.append(video, this.cover, this.danmu, this.heading, this.center, this.bar, this.slot)
    range.addEventListener('input', () => { video.currentTime = (Number(range.value) / 1000) * (video.duration || 0) })
    this.danmuButton.addEventListener('click', () => { this.danmuOn = !this.danmuOn; this.changed() })
    video.addEventListener('click', () => this.showControls(this.host.classList.contains('eden-video-idle')))
    video.addEventListener('dblclick', () => { if (this.props.enablePlayGesture) this.toggle() })
    for (const type of ['enterpictureinpicture', 'leavepictureinpicture']) {
      video.addEventListener(type, () => this.trigger(type))
    }
    let from = 0
    onDrag(video, {
      axis: () => (this.props.enableProgressGesture && this.started && Number.isFinite(video.duration) ? 'x' : 'none'),
      claim: () => { from = video.currentTime; return true },
      move: (dx) => {
        this.showControls(true)
        const seconds = (dx / this.host.clientWidth) * Math.min(video.duration, WIDTH_SECONDS)
        video.currentTime = Math.min(video.duration, Math.max(0, from + seconds))
      },
      end: () => undefined,
    })
  }

  override update(name: keyof VideoProps): void {
    const { cover, media, props } = this
    if (name === 'src') {
      this.started = false
      this.shownUntil = 0
      this.load()
    } else if (name === 'loop') media.loop = props.loop
    else if (name === 'muted') media.muted = props.muted
    else if (name === 'objectFit') media.style.objectFit = cover.style.backgroundSize = props.objectFit
    else if (name === 'poster') {
      cover.style.backgroundImage = props.poster ? cssUrl(this.rt.files.url(props.poster, this.base)) : ''
    }
    else if (name === 'title') this.heading.textContent = props.title
    this.changed()
  }

  override attached(): void {
    this.removeListeners.push(this.rt.on('pageHide', () => {
      if (this.props.autoPauseIfNavigate && this.host.isConnected) this.media.pause()
    }))
    this.changed()
  }

  override detached(): void {
    super.detached()
    for (const remove of this.removeListeners.splice(0)) remove()
    clearTimeout(this.hideTimer)
  }

  protected override ready(): void {
    const { duration, videoHeight, videoWidth } = this.media
    this.trigger('loadedmetadata', { width: videoWidth, height: videoHeight, duration })
  }

  protected changed(): void {
    const { media, props, rt } = this
    if (!media.paused && !this.started) {
      this.started = true
      this.showControls(true)
    }
    const duration = props.duration || (Number.isFinite(media.duration) ? media.duration : 0)
    this.cover.hidden = this.started || !props.poster
    this.center.hidden = this.started
      ? !(props.playBtnPosition === 'center' && media.paused)
      : !props.showCenterPlayBtn || !props.src
    this.bar.hidden = !props.controls || !this.started
    this.heading.hidden = !props.title || !this.started
    this.playButton.hidden = !props.showPlayBtn || props.playBtnPosition === 'center'
    this.range.hidden = this.now.hidden = this.total.hidden = !props.showProgress
    this.muteButton.hidden = !props.showMuteBtn
    this.fullButton.hidden = !props.showFullscreenBtn
    this.danmuButton.hidden = !props.danmuBtn
    this.danmuButton.style.opacity = this.danmuOn ? '1' : '.5'
    this.danmu.hidden = !this.danmuOn || !props.enableDanmu
    redraw(this.playButton, rt.t(media.paused ? 'play' : 'pause'), media.paused ? PATHS.play : PATHS.pause)
    redraw(this.muteButton, rt.t(media.muted ? 'unmute' : 'mute'), media.muted ? PATHS.silent : PATHS.sound)
    const full = this.fullScreen
    redraw(this.fullButton, rt.t(full ? 'exitFullscreen' : 'fullscreen'), full ? PATHS.small : PATHS.full)
    this.now.textContent = clock(media.currentTime)
    this.total.textContent = clock(duration)
    this.range.value = String(duration ? Math.round((media.currentTime / duration) * 1000) : 0)
    this.passDanmu()
  }

  /** Comments of the list come by when their second does. */
  private passDanmu(): void {
    const { currentTime } = this.media
    if (currentTime < this.shownUntil - 1) this.shownUntil = currentTime
    for (const item of this.props.danmuList ?? []) {
      if (Number(item.time) > this.shownUntil && Number(item.time) <= currentTime) this.sendDanmu(item)
    }
    this.shownUntil = Math.max(this.shownUntil, currentTime)
  }

  private sendDanmu({ text, color }: Danmu): void {
    const line = el('span', '', String(text))
    line.style.color = color ?? '#fff'
    line.style.top = `${Math.floor(Math.random() * 4) * 24 + 4}px`
    line.addEventListener('animationend', (event) => { event.stopPropagation(); line.remove() })
    this.danmu.append(line)
  }

  private mute(): void {
    this.media.muted = !this.media.muted
  }

  private turnFullScreen(): void {
    this.setFullScreen(!this.fullScreen)
  }

  private showControls(show: boolean): void {
    clearTimeout(this.hideTimer)
    if (this.host.classList.toggle('eden-video-idle', !show) === show) this.trigger('controlstoggle', { show })
    if (!show) return
    this.hideTimer = window.setTimeout(() => {
      if (!this.media.paused) this.showControls(false)
    }, CONTROLS_TIME)
  }

  /** The frame has no right to the real full screen; the video covers the phone's page instead. */
  private setFullScreen(on: boolean, direction = this.props.direction): void {
    if (this.fullScreen === on) return
    this.fullScreen = on
    const turn = Number(direction) || 0
    const box = turn
      ? `width:100vh;height:100vw;top:50%;left:50%;transform:translate(-50%,-50%) rotate(${-turn}deg)`
      : 'inset:0;width:100%;height:100%'
    this.styleHost(on ? `position:fixed;z-index:9999;margin:0;${box}` : '')
    this.changed()
    this.trigger('fullscreenchange', { fullScreen: on, direction: turn ? 'horizontal' : 'vertical' })
  }

  /** VideoContext. */
  override context(): unknown {
    const { media } = this
    return {
      play: () => this.play(),
      pause: () => media.pause(),
      stop: () => { media.pause(); media.currentTime = 0; this.started = false; this.changed() },
      seek: (position: number) => { media.currentTime = Number(position) || 0 },
      sendDanmu: (danmu: Danmu) => this.sendDanmu(danmu),
      playbackRate: (rate: number) => { media.playbackRate = Number(rate) || 1 },
      requestFullScreen: (options: { direction?: number } = {}) => this.setFullScreen(true, options.direction),
      exitFullScreen: () => this.setFullScreen(false),
      showStatusBar: () => undefined,
      hideStatusBar: () => undefined,
      exitPictureInPicture: () => {
        if (document.pictureInPictureElement === media) void document.exitPictureInPicture()
      },
      requestBackgroundPlayback: () => undefined,
      exitBackgroundPlayback: () => undefined,
    }
  }
}
