/** InnerAudioContext on an audio element that is in no document. */
import type { Runtime } from '../../runtime/context'
import { Listeners } from '../listeners'

const EVENTS = [
  'Canplay',
  'Play',
  'Pause',
  'Stop',
  'Ended',
  'TimeUpdate',
  'Error',
  'Waiting',
  'Seeking',
  'Seeked',
] as const
type EventName = (typeof EVENTS)[number]

/** MediaError.code → WeChat's errCode */
const ERRORS: { [code: number]: [number, string] } = {
  2: [10002, 'network error'],
  3: [10003, 'file error'],
  4: [10004, 'format error'],
}

/** Contexts that make a sound, for a program that goes to the background. */
const playing = new Set<InnerAudioContext>()
export const pauseAll = (): void => {
  for (const context of [...playing]) if (!context.outlives) context.pause()
}

export class InnerAudioContext {
  [member: string]: any
  protected readonly media = new Audio()
  protected readonly listeners: { [name in EventName]: Listeners<any> }
  protected address = ''
  private start = 0
  private stopped = true
  private destroyed = false
  obeyMuteSwitch = true
  referrerPolicy = 'no-referrer'
  /** goes on while the program is in the background */
  readonly outlives: boolean = false

  constructor(protected readonly rt: Runtime) {
    this.listeners = Object.fromEntries(
      EVENTS.map((name) => [name, new Listeners(rt, `InnerAudioContext.on${name}`)]),
    ) as never
    for (const name of EVENTS) {
      this[`on${name}`] = this.listeners[name].on
      this[`off${name}`] = this.listeners[name].off
    }
    const { media } = this
    media.preload = 'auto'
    const forward = (event: string, name: EventName) => media.addEventListener(event, () => this.emit(name))
    forward('canplay', 'Canplay')
    forward('waiting', 'Waiting')
    forward('seeking', 'Seeking')
    forward('seeked', 'Seeked')
    forward('timeupdate', 'TimeUpdate')
    media.addEventListener('play', () => {
      playing.add(this)
      this.emit('Play')
    })
    media.addEventListener('pause', () => {
      playing.delete(this)
      if (!this.stopped && !media.ended) this.emit('Pause')
    })
    media.addEventListener('ended', () => {
      playing.delete(this)
      this.stopped = true
      this.emit('Ended')
    })
    media.addEventListener('error', () => {
      if (!this.address) return
      const [errCode, errMsg] = ERRORS[media.error?.code ?? 0] ?? [-1, 'unknown error']
      this.emit('Error', { errCode, errMsg })
    })
  }

  protected emit(name: EventName, detail?: unknown): void {
    if (!this.destroyed) this.listeners[name].emit(detail)
  }

  get src(): string {
    return this.address
  }
  set src(address: string) {
    this.address = String(address ?? '')
    this.stopped = true
    if (!this.address) {
      this.media.removeAttribute('src')
      return
    }
    this.media.src = this.rt.files.url(this.address)
    if (this.start) this.media.currentTime = this.start
    if (this.media.autoplay) this.play()
  }

  get startTime(): number {
    return this.start
  }
  set startTime(seconds: number) {
    this.start = Number(seconds) || 0
  }
  get autoplay(): boolean {
    return this.media.autoplay
  }
  set autoplay(on: boolean) {
    this.media.autoplay = Boolean(on)
    if (on && this.address) this.play()
  }
  get loop(): boolean {
    return this.media.loop
  }
  set loop(on: boolean) {
    this.media.loop = Boolean(on)
  }
  get volume(): number {
    return this.media.volume
  }
  set volume(volume: number) {
    this.media.volume = Math.min(1, Math.max(0, Number(volume) || 0))
  }
  get playbackRate(): number {
    return this.media.playbackRate
  }
  set playbackRate(rate: number) {
    this.media.playbackRate = Math.min(2, Math.max(0.5, Number(rate) || 1))
  }
  get duration(): number {
    return Number.isFinite(this.media.duration) ? this.media.duration : 0
  }
  get currentTime(): number {
    return this.media.currentTime
  }
  get paused(): boolean {
    return this.media.paused
  }
  /** as on WeChat, how far (seconds) the sound is there from the present place */
  get buffered(): number {
    const { buffered } = this.media
    return buffered.length ? buffered.end(buffered.length - 1) : 0
  }

  play(): void {
    if (!this.address || this.destroyed) return
    if (this.stopped && this.start) this.media.currentTime = this.start
    this.stopped = false
    this.media.play().catch((error: Error) => {
      // Without a touch before, browsers keep silent; a pause right after is no error.
      if (error.name === 'NotAllowedError') this.emit('Error', { errCode: 10001, errMsg: 'play needs a user gesture' })
    })
  }

  pause(): void {
    this.media.pause()
  }

  stop(): void {
    if (this.stopped) return
    this.stopped = true
    this.media.pause()
    this.media.currentTime = 0
    this.emit('Stop')
  }

  seek(seconds: number): void {
    this.media.currentTime = Number(seconds) || 0
  }

  destroy(): void {
    this.stop()
    this.destroyed = true
    this.media.removeAttribute('src')
    this.media.load()
  }
}
