/** playVoice and its kind: the older way to play one recording. */
import type { AreaFactory } from '../kit'
import { fail, requireParameter } from '../kit'
import { wxArea } from '../typed'

export const voice: AreaFactory = (rt) => {
  let playing: HTMLAudioElement | undefined
  let path = ''

  return wxArea({
    async: {
      /** Ends when the recording does. */
      playVoice(options) {
        requireParameter(options, 'filePath', 'String')
        if (playing && path === options.filePath && playing.paused) return playing.play()
        playing?.pause()
        const audio = new Audio(rt.files.url(options.filePath))
        playing = audio
        path = options.filePath
        return new Promise<void>((resolve, reject) => {
          audio.onended = () => resolve()
          audio.onerror = () => reject(fail('file not found'))
          audio.play().catch((error: Error) => reject(fail(error.message)))
        })
      },
      pauseVoice: () => playing?.pause(),
      stopVoice() {
        playing?.pause()
        playing = undefined
      },
    },
  })
}
