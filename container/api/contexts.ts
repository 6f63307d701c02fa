/**
 * wx.create…Context: remote controls of built-in components. The component is looked up when a method is called,
 * because programs make their contexts before the page has rendered.
 */
import type { Runtime } from '../runtime/context'
import type { Builtin } from '../components/kit'
import { builtinOf } from '../components/kit'
import type { AreaFactory } from './kit'
import { fail, publish } from './kit'
import { componentOf, select } from './select'

const words = (text: string): string[] => text.trim().split(/\s+/)

const METHODS: { [tag: string]: string[] } = {
  video: words(`
    play pause stop seek sendDanmu playbackRate requestFullScreen exitFullScreen showStatusBar hideStatusBar
    exitPictureInPicture requestBackgroundPlayback exitBackgroundPlayback reconnectCasting startCasting
    switchCasting exitCasting
  `),
  audio: words('setSrc play pause seek'),
  camera: words('takePhoto startRecord stopRecord setZoom onCameraFrame'),
  map: words(`
    getCenterLocation moveToLocation translateMarker moveAlong includePoints getRegion getRotate getScale getSkew
    setCenterOffset addMarkers removeMarkers initMarkerCluster addGroundOverlay removeGroundOverlay
    updateGroundOverlay addCustomLayer removeCustomLayer addArc removeArc addVisualLayer removeVisualLayer
    executeVisualLayerCommand eraseLines openMapApp toScreenLocation fromScreenLocation setBoundary
    setLocMarkerIcon on
  `),
  'live-player': words(`
    play stop pause resume mute snapshot requestFullScreen exitFullScreen exitPictureInPicture
    requestPictureInPicture startCasting switchCasting exitCasting reconnectCasting
  `),
  'live-pusher': words(`
    start stop pause resume switchCamera snapshot toggleTorch playBGM stopBGM pauseBGM resumeBGM setBGMVolume
    setMICVolume startPreview stopPreview sendMessage startAudioCapture stopAudioCapture createOffscreenCanvas
    applyFilter applySticker applyMakeup clearFilters clearStickers clearMakeups applyBlusherStickMakeup
  `),
}

/** Calls of these give an object back at once rather than through callbacks. */
const DIRECT = new Set(['onCameraFrame', 'on'])

function find(rt: Runtime, tag: string, id: string | undefined, component: unknown): Builtin | undefined {
  const page = rt.router.current()
  const owner = componentOf(component) ?? page?.component
  const name = `WX-${tag.toUpperCase()}`
  if (id !== undefined && owner) {
    const dom = select(owner, `#${CSS.escape(String(id))}`)[0]?.dom
    if (dom?.tagName === name) return builtinOf(dom)
  }
  const all = [...(page?.root.querySelectorAll(name) ?? [])]
    .map((dom) => builtinOf(dom))
    .filter((builtin) => builtin !== undefined)
  return id === undefined ? all[0] : all.find((builtin) => builtin.component.id === String(id))
}

const create =
  (rt: Runtime, tag: string, withId: boolean) =>
  (first?: unknown, second?: unknown): object => {
    const [id, component] = withId ? [first === undefined ? undefined : String(first), second] : [undefined, first]
    const control: { [name: string]: unknown } = {}
    for (const name of METHODS[tag] ?? []) {
      control[name] = (...args: any[]) => {
        const builtin = find(rt, tag, id, component)
        const method = (builtin?.context() as { [name: string]: unknown } | undefined)?.[name]
        if (typeof method === 'function') return rt.guard(`${tag}.${name}`, () => method(...args))
        if (!builtin && DIRECT.has(name)) return {}
        return refuse(rt, name, builtin ? 'not supported' : `${tag} component is not found`, args[0])
      }
    }
    return control
  }

/** Say so through the callbacks, if there are any. */
function refuse(rt: Runtime, name: string, reason: string, options: unknown): void {
  const given = options && typeof options === 'object' ? options : {}
  const result = publish(rt, name, () => {
    throw fail(reason)
  })(given)
  if (result instanceof Promise) result.catch(() => console.warn(`${name}:fail ${reason}`))
}

export const contexts: AreaFactory = (rt) => ({
  sync: {
    createVideoContext: create(rt, 'video', true),
    createAudioContext: create(rt, 'audio', true),
    createMapContext: create(rt, 'map', true),
    createLivePlayerContext: create(rt, 'live-player', true),
    createLivePusherContext: create(rt, 'live-pusher', false),
    createCameraContext: create(rt, 'camera', false),
  },
  partial: {
    createLivePlayerContext: 'browsers play no RTMP or FLV streams: every method fails',
    createLivePusherContext: 'browsers push no RTMP streams: every method fails',
    createCameraContext: "takes pictures and videos with the device's own camera view; no frames",
  },
})
