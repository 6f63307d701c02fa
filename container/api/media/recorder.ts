/** wx.getRecorderManager(), and the older startRecord and stopRecord on the same recorder. */
import type { Runtime } from '../../runtime/context'
import type { Area, AreaFactory } from '../kit'
import { fail } from '../kit'
import { Listeners } from '../listeners'

type State = 'idle' | 'recording' | 'paused'

/** Longest recording, in milliseconds, as on WeChat. */
const MAX_DURATION = 600000
const DEFAULT_DURATION = 60000

class RecorderManager {
  private state: State = 'idle'
  private timer: ReturnType<typeof setTimeout> | undefined
  private readonly events: { [name: string]: Listeners<any> } = {}

  constructor(private readonly rt: Runtime) {
    for (const name of [
      'Start',
      'Stop',
      'Pause',
      'Resume',
      'Error',
      'FrameRecorded',
      'InterruptionBegin',
      'InterruptionEnd',
    ]) {
      const listeners = new Listeners<any>(rt, `RecorderManager.on${name}`)
      this.events[name] = listeners
      Object.assign(this, { [`on${name}`]: listeners.on, [`off${name}`]: listeners.off })
    }
  }

  readonly start = (options: { duration?: number } = {}): void => {
    if (this.state !== 'idle') return this.fail('operateRecorder:fail is recording or paused')
    const duration = Math.min(
      options?.duration && options.duration > 0 ? options.duration : DEFAULT_DURATION,
      MAX_DURATION,
    )
    this.state = 'recording'
    this.rt.call('recorderStart').then(
      () => {
        this.timer = setTimeout(this.stop, duration)
        this.emit('Start', {})
      },
      (error) => {
        this.state = 'idle'
        this.fail(`operateRecorder:fail ${error.reason}`)
      },
    )
  }

  readonly pause = (): void => this.change('recording', 'paused', 'recorderPause', 'Pause')
  readonly resume = (): void => this.change('paused', 'recording', 'recorderResume', 'Resume')

  readonly stop = (): void => {
    if (this.state === 'idle') return this.fail('operateRecorder:fail recorder not start')
    clearTimeout(this.timer)
    this.state = 'idle'
    this.rt.call('recorderStop').then(
      ({ data, extension, duration }) => {
        const bytes = new Uint8Array(data as ArrayBuffer)
        this.emit('Stop', {
          tempFilePath: this.rt.files.addTemp(bytes, extension as string),
          duration,
          fileSize: bytes.length,
        })
      },
      (error) => this.fail(`operateRecorder:fail ${error.reason}`),
    )
  }

  /** One recording in the older form: resolves when it was stopped. */
  record(): Promise<{ tempFilePath: string }> {
    return new Promise((resolve, reject) => {
      const done = () => {
        this.events.Stop!.off(stopped)
        this.events.Error!.off(failed)
      }
      const stopped = ({ tempFilePath }: { tempFilePath: string }) => { done(); resolve({ tempFilePath }) }
      const failed = ({ errMsg }: { errMsg: string }) => { done(); reject(fail(errMsg.replace(/^.*?:fail /, ''))) }
      this.events.Stop!.on(stopped)
      this.events.Error!.on(failed)
      this.start()
    })
  }

  private change(from: State, to: State, call: string, event: string): void {
    if (this.state !== from) return this.fail(`operateRecorder:fail recorder is ${this.state}`)
    this.state = to
    this.rt.call(call).then(() => this.emit(event, {}), (error) => this.fail(`operateRecorder:fail ${error.reason}`))
  }

  private emit(name: string, detail: unknown): void {
    this.events[name]!.emit(detail)
  }

  private fail(errMsg: string): void {
    this.emit('Error', { errMsg })
  }
}

export const recorder: AreaFactory = (rt): Area => {
  const manager = new RecorderManager(rt)
  return {
    async: {
      startRecord: () => manager.record(),
      stopRecord: () => manager.stop(),
    },
    sync: { getRecorderManager: () => manager },
    partial: {
      'RecorderManager.start.object.format': 'the browser\'s own format (WebM or MP4) is recorded',
      'RecorderManager.start.object.frameSize': 'onFrameRecorded does not fire',
    },
  }
}
