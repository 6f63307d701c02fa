/** The microphone: one recording per frame. */
import { fail } from './types'
import type { Capability, HostCall } from './types'

interface Recording {
  recorder: MediaRecorder
  chunks: Blob[]
  /** milliseconds recorded before the last pause, and when it went on */
  recorded: number
  since: number
}

const recordings = new WeakMap<object, Recording>()

function current(call: HostCall): Recording {
  const recording = recordings.get(call.session)
  if (!recording) throw fail('recorder not start')
  return recording
}

const end = (recording: Recording): void => recording.recorder.stream.getTracks().forEach((track) => track.stop())

export const recorderStart: Capability = async (call) => {
  await call.authorize('scope.record')
  if (recordings.has(call.session)) throw fail('is recording or paused')
  const stream = await navigator.mediaDevices?.getUserMedia({ audio: true }).catch(() => undefined)
  if (!stream) throw fail('system permission denied')
  const recording: Recording = {
    recorder: new MediaRecorder(stream),
    chunks: [],
    recorded: 0,
    since: performance.now(),
  }
  recording.recorder.addEventListener('dataavailable', ({ data }) => recording.chunks.push(data))
  recording.recorder.start()
  recordings.set(call.session, recording)
  call.signal.addEventListener('abort', () => end(recording))
  return {}
}

export const recorderPause: Capability = (call) => {
  const recording = current(call)
  recording.recorder.pause()
  recording.recorded += performance.now() - recording.since
  return {}
}

export const recorderResume: Capability = (call) => {
  const recording = current(call)
  recording.recorder.resume()
  recording.since = performance.now()
  return {}
}

/** Bytes, length in milliseconds, and the extension of the browser's format. */
export const recorderStop: Capability = async (call) => {
  const recording = current(call)
  recordings.delete(call.session)
  const { recorder, chunks } = recording
  if (recorder.state === 'recording') recording.recorded += performance.now() - recording.since
  await new Promise((resolve) => {
    recorder.addEventListener('stop', resolve)
    recorder.stop()
  })
  end(recording)
  const type = recorder.mimeType
  return {
    data: await new Blob(chunks, { type }).arrayBuffer(), duration: Math.round(recording.recorded),
    extension: type.includes('mp4') ? 'm4a' : type.includes('ogg') ? 'ogg' : 'webm',
  }
}
