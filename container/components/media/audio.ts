/** `<audio>`: the old player with cover, title and author. */
import { cssUrl, el } from '../kit'
import { clock, control, PATHS, Player, type PlayerProps, redraw } from './player'

interface AudioProps extends PlayerProps {
  controls: boolean
  poster: string
  name: string
  author: string
}

export class Audio extends Player<AudioProps, HTMLAudioElement> {
  static tag = 'audio'
  static override properties = {
    src: String, loop: Boolean, muted: Boolean, autoplay: Boolean, initialTime: Number,
    controls: Boolean, poster: String, name: String, author: String,
  }
  static css = `wx-audio{display:inline-block;line-height:0}
.eden-audio{display:flex;width:300px;height:65px;border:1px solid rgba(0,0,0,.1);border-radius:2px;
background:#fcfcfc;color:#353535;overflow:hidden;text-align:left;font:14px/1.4 sans-serif}
.eden-audio[hidden]{display:none}
.eden-audio-poster{display:flex;align-items:center;justify-content:center;flex:none;width:65px;
background:#e6e6e6 50%/cover;color:#fff}
.eden-audio-poster svg{filter:drop-shadow(0 0 2px rgba(0,0,0,.6))}
.eden-audio-text{flex:1;min-width:0;padding:12px;white-space:nowrap}
.eden-audio-text div{overflow:hidden;text-overflow:ellipsis}
.eden-audio-text div+div{font-size:12px;color:#888;margin-top:4px}
.eden-audio-time{padding:14px 12px 0 0;font-size:12px;color:#888}`

  private readonly button = control('', this.rt.t('play'), PATHS.play, () => this.toggle())
  private readonly poster = el('div', 'eden-audio-poster', this.button)
  private readonly title = el('div')
  private readonly author = el('div')
  private readonly time = el('div', 'eden-audio-time')
  private readonly text = el('div', 'eden-audio-text', this.title, this.author)
  private readonly box = el('div', 'eden-audio', this.poster, this.text, this.time)

  override create(): void {
    this.setup(el('audio'))
    this.media.preload = 'metadata'
    this.host.append(this.media, this.box)
  }

  override update(name: keyof AudioProps): void {
    const { media, props, rt } = this
    if (name === 'src') this.load()
    else if (name === 'loop') media.loop = props.loop
    else if (name === 'controls') this.box.hidden = !props.controls
    else if (name === 'poster') {
      this.poster.style.backgroundImage = props.poster ? cssUrl(rt.files.url(props.poster, this.base)) : ''
    }
    this.title.textContent = props.name || rt.t('unknownAudio')
    this.author.textContent = props.author || rt.t('unknownAuthor')
    this.changed()
  }

  protected changed(): void {
    const { media, rt } = this
    redraw(this.button, rt.t(media.paused ? 'play' : 'pause'), media.paused ? PATHS.play : PATHS.pause)
    this.time.textContent = clock(media.currentTime)
  }

  /** AudioContext of wx.createAudioContext. */
  override context(): unknown {
    const { media } = this
    return {
      setSrc: (src: string) => { this.props.src = src; this.load() },
      play: () => this.play(),
      pause: () => media.pause(),
      seek: (position: number) => { media.currentTime = Number(position) || 0 },
    }
  }
}
