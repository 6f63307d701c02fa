/** Sound: InnerAudioContext, BackgroundAudioManager, and the old background functions on top of the latter. */
import type { AreaFactory } from '../kit'
import { fail, requireParameter } from '../kit'
import { BackgroundAudioManager } from './background'
import { InnerAudioContext, pauseAll } from './inner'

export const audio: AreaFactory = (rt) => {
  let background: BackgroundAudioManager | undefined
  const manager = () => (background ??= new BackgroundAudioManager(rt))
  rt.on('appHide', pauseAll)
  const current = () => {
    if (!background?.src) throw fail('no background audio')
    return background
  }
  return {
    async: {
      setInnerAudioOption() {},
      getAvailableAudioSources: () => ({ audioSources: ['auto', 'mic'] }),
      playBackgroundAudio(options) {
        requireParameter(options, 'dataUrl', 'String')
        Object.assign(manager(), { title: options.title ?? '', coverImgUrl: options.coverImgUrl ?? '' })
        manager().src = options.dataUrl
      },
      pauseBackgroundAudio() {
        current().pause()
      },
      stopBackgroundAudio() {
        current().stop()
      },
      seekBackgroundAudio(options) {
        requireParameter(options, 'position', 'Number')
        current().seek(options.position)
      },
      getBackgroundAudioPlayerState() {
        const { paused, currentTime, duration, src, buffered } = current()
        return {
          status: paused ? 0 : 1,
          dataUrl: src,
          currentPosition: Math.floor(currentTime),
          duration: Math.floor(duration),
          downloadPercent: duration ? Math.round((buffered / duration) * 100) : 0,
        }
      },
    },
    sync: {
      createInnerAudioContext: () => new InnerAudioContext(rt),
      getBackgroundAudioManager: manager,
      onBackgroundAudioPlay: (listener: () => void) => manager().onPlay(listener),
      onBackgroundAudioPause: (listener: () => void) => manager().onPause(listener),
      onBackgroundAudioStop: (listener: () => void) => manager().onStop(listener),
      createWebAudioContext: () => new AudioContext(),
    },
    partial: {
      setInnerAudioOption: 'a web page does not decide between speaker and earpiece',
      getBackgroundAudioManager: 'stops when the browser stops the page',
      'createInnerAudioContext.object.useWebAudioImplement': "every context uses the browser's player",
    },
  }
}
