/** Pictures and videos over the whole screen: swipe, zoom, save. Loaded with the first preview. */
import type { Runtime } from '../../runtime/context'
import { zoomable } from './zoom'

export interface Item {
  url: string
  type: 'image' | 'video'
  poster?: string
}

const CSS = `
.eden-preview{position:fixed;inset:0;background:#000;color:#fff;touch-action:none;user-select:none;outline:none}
.eden-preview-track{display:flex;height:100%;overflow:auto hidden;scroll-snap-type:x mandatory;scrollbar-width:none;
touch-action:pan-x}
.eden-preview-track::-webkit-scrollbar{display:none}
.eden-preview-slide{flex:0 0 100%;height:100%;display:flex;align-items:center;justify-content:center;overflow:hidden;
scroll-snap-align:center;scroll-snap-stop:always}
.eden-preview-slide>*{max-width:100%;max-height:100%;width:100%;object-fit:contain}
.eden-preview-count{position:absolute;top:calc(12px + var(--safe-area-inset-top,env(safe-area-inset-top,0px)));
left:0;right:0;text-align:center;font-size:15px;pointer-events:none}
`

/** A press this long opens the menu, as on WeChat. */
const LONG_PRESS = 500

/** `save` is offered after a long press; undefined: there is no menu. */
export function open(rt: Runtime, items: Item[], start: number, save: ((url: string) => void) | undefined): void {
  const style = document.createElement('style')
  style.textContent = CSS
  const view = document.createElement('div')
  view.className = 'eden-preview'
  view.tabIndex = 0
  view.setAttribute('role', 'dialog')
  view.setAttribute('aria-label', rt.t('previewImage'))
  const track = document.createElement('div')
  track.className = 'eden-preview-track'
  const count = document.createElement('div')
  count.className = 'eden-preview-count'
  count.setAttribute('aria-live', 'polite')
  view.append(style, track, count)

  const slides = items.map((item) => slide(rt, item))
  track.append(...slides)

  let index = start
  const show = (to: number, behavior: ScrollBehavior = 'smooth') => {
    track.scrollTo({ left: Math.min(Math.max(to, 0), items.length - 1) * track.clientWidth, behavior })
  }
  const label = () => { count.textContent = items.length > 1 ? `${index + 1}/${items.length}` : '' }
  track.addEventListener('scroll', () => {
    const now = Math.round(track.scrollLeft / Math.max(1, track.clientWidth))
    if (now === index) return
    slides[index]?.querySelector('video')?.pause()
    index = now
    label()
  })

  const removeBack = rt.on('back', () => close())
  const remove = rt.shell.layer(view)
  const close = () => {
    removeBack()
    remove()
  }

  view.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') close()
    else if (event.key === 'ArrowRight') show(index + 1)
    else if (event.key === 'ArrowLeft') show(index - 1)
    else return
    event.preventDefault()
  })
  slides.forEach((one, at) => {
    const media = one.firstElementChild as HTMLElement
    if (items[at]!.type === 'video') return
    zoomable(media, {
      onTap: close,
      onLongPress: save && (() => save(items[at]!.url)),
      longPress: LONG_PRESS,
      onZoom: (zoomed) => { track.style.overflowX = zoomed ? 'hidden' : 'auto' },
      onSwipe: (direction) => show(index + direction),
    })
  })
  label()
  view.focus()
  show(start, 'instant')
}

function slide(rt: Runtime, { url, type, poster }: Item): HTMLElement {
  const box = document.createElement('div')
  box.className = 'eden-preview-slide'
  if (type === 'video') {
    const video = document.createElement('video')
    video.src = rt.files.url(url)
    video.controls = true
    video.playsInline = true
    if (poster) video.poster = rt.files.url(poster)
    box.append(video)
  } else {
    const image = document.createElement('img')
    image.src = rt.files.url(url)
    image.alt = rt.t('image')
    image.draggable = false
    box.append(image)
  }
  return box
}
