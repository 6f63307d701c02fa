/** BackgroundAudioManager: one player for the program that goes on while its pages change, shown by the system. */
import type { Runtime } from '../../runtime/context'
import { Listeners } from '../listeners'
import { InnerAudioContext } from './inner'

export class BackgroundAudioManager extends InnerAudioContext {
  title = ''
  epname = ''
  singer = ''
  coverImgUrl = ''
  webUrl = ''
  protocol = 'http'
  override readonly outlives = true

  constructor(rt: Runtime) {
    super(rt)
    for (const [name, action] of [
      ['Prev', 'previoustrack'],
      ['Next', 'nexttrack'],
    ] as const) {
      const listeners = new Listeners<undefined>(rt, `BackgroundAudioManager.on${name}`)
      this[`on${name}`] = listeners.on
      this[`off${name}`] = listeners.off
      navigator.mediaSession?.setActionHandler(action, () => listeners.emit(undefined))
    }
    this.media.addEventListener('play', () => this.announce())
  }

  override get src(): string {
    return super.src
  }
  /** Setting the address starts to play, as documented. */
  override set src(address: string) {
    super.src = address
    this.play()
  }

  private announce(): void {
    if (!('mediaSession' in navigator)) return
    const artwork = this.coverImgUrl ? [{ src: this.rt.files.url(this.coverImgUrl) }] : []
    navigator.mediaSession.metadata = new MediaMetadata({
      title: this.title,
      artist: this.singer,
      album: this.epname,
      artwork,
    })
  }
}
