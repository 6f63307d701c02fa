/** `<progress>`: a bar that may grow from zero or from where it was. */
import { animate } from './drag'
import { length } from './icon'
import { Builtin, el } from './kit'

interface ProgressProps {
  percent: number
  showInfo: boolean
  borderRadius: number | string
  fontSize: number | string
  strokeWidth: number | string
  color: string
  activeColor: string
  backgroundColor: string
  active: boolean
  activeMode: 'backwards' | 'forwards'
  duration: number
}

const DEFAULT_COLOR = '#09BB07'

export class Progress extends Builtin<ProgressProps> {
  static tag = 'progress'
  static override properties = {
    percent: Number,
    showInfo: Boolean,
    borderRadius: { type: null, value: 0 },
    fontSize: { type: null, value: 16 },
    strokeWidth: { type: null, value: 6 },
    color: { type: String, value: DEFAULT_COLOR },
    activeColor: { type: String, value: DEFAULT_COLOR },
    backgroundColor: { type: String, value: '#EBEBEB' },
    active: Boolean,
    activeMode: { type: String, value: 'backwards' },
    duration: { type: Number, value: 30 },
  }
  static css = `wx-progress{display:flex;align-items:center}
.wx-progress-bar{flex:1;overflow:hidden}
.wx-progress-inner-bar{width:0;height:100%}
.wx-progress-info{margin:0 0 0 15px;min-width:2em;line-height:1;font-variant-numeric:tabular-nums}`

  private readonly inner = el('div', 'wx-progress-inner-bar')
  private readonly bar = el('div', 'wx-progress-bar', this.inner)
  private readonly info = el('p', 'wx-progress-info')
  private shown = 0
  private stop: (() => void) | undefined

  override create(): void {
    this.host.append(this.bar, this.info)
    this.bar.setAttribute('role', 'progressbar')
    this.bar.setAttribute('aria-valuemin', '0')
    this.bar.setAttribute('aria-valuemax', '100')
  }

  override update(name: keyof ProgressProps): void {
    const { bar, inner, info, props } = this
    if (name === 'percent' || name === 'active') this.run()
    else if (name === 'showInfo') info.hidden = !props.showInfo
    else if (name === 'fontSize') info.style.fontSize = length(props.fontSize, '16px')
    else if (name === 'strokeWidth') bar.style.height = length(props.strokeWidth, '6px')
    else if (name === 'borderRadius') {
      bar.style.borderRadius = inner.style.borderRadius = length(props.borderRadius, '0')
    }
    else if (name === 'backgroundColor') bar.style.backgroundColor = props.backgroundColor
    else inner.style.backgroundColor = props.color !== DEFAULT_COLOR ? props.color : props.activeColor
  }

  override detached(): void {
    this.stop?.()
  }

  private run(): void {
    const { props } = this
    const percent = Math.min(100, Math.max(0, Number(props.percent) || 0))
    this.bar.setAttribute('aria-valuenow', String(percent))
    this.stop?.()
    if (!props.active) return this.show(percent)
    const from = props.activeMode === 'forwards' ? this.shown : 0
    const step = Math.max(1, Number(props.duration) || 30) // ms for one percent
    this.stop = animate((elapsed) => {
      const reached = from < percent ? Math.min(percent, from + elapsed / step) : percent
      this.show(reached)
      if (reached < percent) return true
      this.trigger('activeend', { curPercent: percent })
      return false
    })
  }

  private show(percent: number): void {
    this.shown = percent
    this.inner.style.width = `${percent}%`
    this.info.textContent = `${Math.floor(percent)}%`
  }
}
