/**
 * `<camera>`. The frame has no access to the camera (its origin is opaque), so there is no live picture: a frame
 * stands in its place, and `takePhoto`, `startRecord` and scanning ask the host, which has the camera.
 */
import { Builtin } from '../kit'
import { answer, placeholder, PLACEHOLDER_CSS } from './placeholder'

interface CameraProps {
  mode: string
  devicePosition: string
  flash: string
}

/** A file as chooseMedia gives it. */
interface MediaFile {
  tempFilePath: string
  thumbTempFilePath?: string
  size?: number
  width?: number
  height?: number
  duration?: number
}

/** ms until a camera says that it is ready */
const STARTING = 100

export class Camera extends Builtin<CameraProps> {
  static tag = 'camera'
  static override properties = {
    mode: { type: String, value: 'normal' },
    resolution: null,
    devicePosition: { type: String, value: 'back' },
    flash: { type: String, value: 'auto' },
    frameSize: null,
    outputDimension: null,
  }
  static css = `wx-camera{display:block;position:relative;width:100%;height:300px;overflow:hidden}${PLACEHOLDER_CSS}`

  private opened = false

  override create(): void {
    const box = placeholder('camera', this.rt.t('camera'))
    this.host.append(box)
    box.addEventListener('click', () => { if (this.props.mode === 'scanCode') void this.scan() })
  }

  override attached(): void {
    if (this.opened) return
    this.opened = true
    // a camera takes a moment to start; pages make its context in onReady
    setTimeout(() => {
      if (!this.host.isConnected) return
      const needed = this.props.mode === 'scanCode' ? 'scanCode' : 'chooseFiles'
      if (this.rt.hostHas(needed)) this.trigger('initdone', { maxZoom: 1 })
      else this.trigger('error', { errMsg: 'insertCamera:fail no camera in this environment' })
    }, STARTING)
  }

  override detached(): void {
    this.opened = false
    this.trigger('stop')
  }

  private async scan(): Promise<void> {
    const wanted = { onlyFromCamera: true, scanType: ['barCode', 'qrCode'] }
    const found = await this.rt.call('scanCode', wanted).catch(() => undefined)
    if (!found) return
    const { charSet = 'UTF-8', rawData = '', result, scanType = 'QR_CODE' } = found
    this.trigger('scancode', { type: scanType, result, charSet, rawData, fullResult: result })
  }

  private choose(mediaType: string, maxDuration = 30): Promise<MediaFile> {
    return new Promise((resolve, reject) => {
      // the public function, because it also turns what the host sends into temporary files
      const wx = (globalThis as { wx?: { chooseMedia(options: object): void } }).wx
      if (!wx) return reject(new Error('no camera in this environment'))
      wx.chooseMedia({
        count: 1, mediaType: [mediaType], sourceType: ['camera'], maxDuration, camera: this.props.devicePosition,
        success: ({ tempFiles: [file] }: { tempFiles: MediaFile[] }) =>
          file ? resolve(file) : reject(new Error('cancel')),
        fail: ({ errMsg }: { errMsg: string }) => reject(new Error(errMsg.replace(/^\w+:fail /, ''))),
      })
    })
  }

  private recording: Promise<MediaFile> | undefined

  /** CameraContext. */
  override context(): unknown {
    return {
      takePhoto: (options: any) => answer(options, 'takePhoto', this.choose('image').then((file) => ({
        tempImagePath: file.tempFilePath, width: file.width, height: file.height,
      }))),
      startRecord: (options: any) => {
        this.recording = this.choose('video', options?.timeout)
        this.recording.catch(() => undefined)
        answer(options, 'startRecord', Promise.resolve())
      },
      stopRecord: (options: any) => {
        const file = this.recording ?? Promise.reject<MediaFile>(new Error('not recording'))
        answer(options, 'stopRecord', file.then(({ duration, size, tempFilePath, thumbTempFilePath = '' }) => ({
          tempVideoPath: tempFilePath, tempThumbPath: thumbTempFilePath, duration, size,
        })))
      },
      setZoom: (options: any) => answer(options, 'setZoom', Promise.resolve({ zoom: 1 })),
      onCameraFrame: () => ({
        start: (options: any) => answer(options, 'start', Promise.reject(new Error('not supported'))),
        stop: (options: any) => answer(options, 'stop', Promise.resolve()),
      }),
    }
  }
}

