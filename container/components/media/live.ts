/**
 * `<live-player>`, `<live-pusher>` and the components of WeChat's own channels. Browsers cannot play RTMP or FLV,
 * and the frame has no camera, so these show a placeholder, report the documented failure and answer their context.
 */
import { Builtin, cssUrl } from '../kit'
import { answer, placeholder } from './placeholder'

/** WeChat's state codes for "the connection failed and will not be tried again". */
const PLAYER_DISCONNECTED = -2301
const PUSHER_DISCONNECTED = -1307

const words = (text: string): string[] => text.trim().split(/\s+/)
const properties = (names: string): { [name: string]: null } =>
  Object.fromEntries(words(names).map((name) => [name, null]))

abstract class Live<P extends object> extends Builtin<P> {
  protected abstract readonly contextMethods: readonly string[]
  private box = placeholder('live', '')

  override create(): void {
    this.host.append(this.box)
  }

  protected set poster(path: string) {
    this.box.style.backgroundImage = path ? cssUrl(this.rt.files.url(path, this.base)) : ''
  }

  protected later(run: () => void): void {
    setTimeout(() => { if (this.host.isConnected) run() })
  }

  override context(): unknown {
    return Object.fromEntries(this.contextMethods.map((name) =>
      [name, (options: any) => answer(options, name, Promise.reject(new Error('not supported')))]))
  }
}

export class LivePlayer extends Live<{ src: string; autoplay: boolean; backgroundMute: boolean }> {
  static tag = 'live-player'
  static override properties = {
    src: String, autoplay: Boolean,
    ...properties(`mode muted orientation objectFit backgroundMute minCache maxCache soundMode autoPauseIfNavigate
      autoPauseIfOpenNative pictureInPictureMode pictureInPictureInitPosition enableRecvMessage enableAutoRotation
      enableCasting enableMetadata muteAudio muteVideo referrerPolicy fromNative`),
  }
  static css = `wx-live-player,wx-live-pusher,wx-channel-live,wx-channel-video,wx-voip-room{display:block;
position:relative;width:100%;height:225px;overflow:hidden}`
  protected readonly contextMethods = words(`play stop pause resume mute snapshot requestFullScreen
    exitFullScreen exitPictureInPicture requestPictureInPicture startCasting exitCasting`)

  override update(name: string): void {
    const { autoplay, src } = this.props
    if (name !== 'src' || !src || !autoplay) return
    this.later(() => this.trigger('statechange', { code: PLAYER_DISCONNECTED, message: 'live stream not supported' }))
  }
}

export class LivePusher extends Live<{ url: string; autopush: boolean; waitingImage: string }> {
  static tag = 'live-pusher'
  static override properties = {
    url: String, autopush: Boolean, waitingImage: String,
    ...properties(`mode muted enableCamera autoFocus orientation beauty whiteness aspect minBitrate maxBitrate
      audioQuality waitingImageHash zoom devicePosition backgroundMute mirror remoteMirror localMirror audioReverbType
      enableMic enableAgc enableAns audioVolumeType videoWidth videoHeight beautyStyle filter pictureInPictureMode
      voiceChangerType customEffect skinWhiteness skinSmoothness faceThinness eyeBigness fps`),
  }
  protected readonly contextMethods = words(`start stop pause resume switchCamera snapshot toggleTorch playBGM stopBGM
    pauseBGM resumeBGM setBGMVolume setMICVolume sendMessage startPreview stopPreview`)

  override update(name: string): void {
    if (name === 'waitingImage') this.poster = this.props.waitingImage
    if (name !== 'url' || !this.props.url) return
    this.later(() => {
      this.trigger('error', { errCode: 10001, errMsg: 'insertLivePusher:fail no camera in this environment' })
      const state = { code: PUSHER_DISCONNECTED, message: 'live push not supported' }
      if (this.props.autopush) this.trigger('statechange', state)
    })
  }
}

/** channel-live, channel-video, voip-room: content of WeChat's own services. */
class Foreign extends Live<{ [name: string]: unknown }> {
  static override properties = properties(
    'finderUserName feedId feedToken autoplay loop muted objectFit openid mode devicePosition')
  protected readonly contextMethods: readonly string[] = []

  override attached(): void {
    const name = this.host.localName.slice('wx-'.length)
    this.later(() => this.trigger('error', { errMsg: `${name}:fail not supported`, errCode: -1 }))
  }
}

export class ChannelLive extends Foreign { static tag = 'channel-live' }
export class ChannelVideo extends Foreign { static tag = 'channel-video' }
export class VoipRoom extends Foreign { static tag = 'voip-room' }
