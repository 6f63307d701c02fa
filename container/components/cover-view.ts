/** `<cover-view>`: a view over native components; here everything is drawn by the same engine. */
import { View } from './view'

export class CoverView extends View {
  static override tag = 'cover-view'
  static override properties = { ...View.properties, scrollTop: { type: null, value: '' }, markerId: null }
  static override css = `wx-cover-view{display:block;position:relative;line-height:1.2;overflow:hidden;
white-space:nowrap}`

  override update(name: never): void {
    super.update(name)
    const { scrollTop } = this.props as unknown as { scrollTop: number | string }
    if ((name as string) !== 'scrollTop' || scrollTop === '' || scrollTop === null) return
    // children of the same rendering must be there to scroll over
    queueMicrotask(() => { this.host.scrollTop = Number(scrollTop) || 0 })
  }
}
