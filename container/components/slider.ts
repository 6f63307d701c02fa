/** `<slider>`. */
import css from './slider.css'
import { onDrag } from './drag'
import { Builtin, el } from './kit'
import { sliderValue } from './slider-value'

interface SliderProps {
  min: number
  max: number
  step: number
  disabled: boolean
  value: number
  color: string
  selectedColor: string
  activeColor: string
  backgroundColor: string
  blockSize: number
  blockColor: string
  showValue: boolean
  name: string
}

/** Part of the whole range that Page Up and Page Down move. */
const PAGE = 0.1

export class Slider extends Builtin<SliderProps> {
  static tag = 'slider'
  static override properties = {
    min: Number,
    max: { type: Number, value: 100 },
    step: { type: Number, value: 1 },
    disabled: Boolean,
    value: Number,
    color: { type: String, value: '#e9e9e9' },
    selectedColor: { type: String, value: '#1aad19' },
    activeColor: String,
    backgroundColor: String,
    blockSize: { type: Number, value: 28 },
    blockColor: { type: String, value: '#ffffff' },
    showValue: Boolean,
    name: String,
  }
  static field = true
  static css = css

  private wrapper!: HTMLElement
  private rail!: HTMLElement
  private track!: HTMLElement
  private handle!: HTMLElement
  private thumb!: HTMLElement
  private text!: HTMLElement

  override create(): void {
    this.track = el('div', 'wx-slider-track')
    this.handle = el('div', 'wx-slider-handle')
    this.thumb = el('div', 'wx-slider-thumb')
    this.rail = el('div', 'wx-slider-handle-wrapper', this.track, this.handle, this.thumb)
    this.text = el('div', 'wx-slider-value')
    const area = el('div', 'wx-slider-tap-area', this.rail)
    this.wrapper = el('div', 'wx-slider-wrapper', area, this.text)
    const { host } = this
    host.append(this.wrapper)
    host.setAttribute('role', 'slider')
    host.tabIndex = 0
    host.addEventListener('keydown', (event) => this.key(event))
    this.followPointer(area)
  }

  private followPointer(area: HTMLElement): void {
    let pressedAt = 0
    let from = 0
    const valueAt = (x: number) => {
      const { left, width } = this.rail.getBoundingClientRect()
      return this.quantise(this.props.min + ((x - left) / (width || 1)) * (this.props.max - this.props.min))
    }
    onDrag(area, {
      axis: () => (this.props.disabled ? 'none' : 'x'),
      down: (event) => {
        pressedAt = (event as TouchEvent).touches?.[0]?.clientX ?? (event as MouseEvent).clientX
        from = this.props.value
      },
      claim: (dx) => {
        pressedAt += dx
        this.change(valueAt(pressedAt), 'changing')
        return true
      },
      move: (dx) => this.change(valueAt(pressedAt + dx), 'changing'),
      end: () => this.settle(from),
    })
    this.component.addListener('tap', (event: { detail: unknown; getOriginalEvent(): unknown }) => {
      const original = event.getOriginalEvent() as MouseEvent & TouchEvent
      const x = original.clientX ?? original.changedTouches?.[0]?.clientX
      if (this.props.disabled || x === undefined || !original.composedPath().includes(area)) return
      const before = this.props.value
      this.change(valueAt(x))
      this.settle(before)
    })
  }

  private quantise(value: number): number {
    const { min, max, step } = this.props
    return sliderValue(value, min, max, step)
  }

  private change(value: number, event?: 'changing'): void {
    if (value === this.props.value) return
    this.set({ value })
    if (event) this.trigger(event, { value })
  }

  private settle(before: number): void {
    if (this.props.value !== before) this.trigger('change', { value: this.props.value })
  }

  private key(event: KeyboardEvent): void {
    const { min, max, step, value, disabled } = this.props
    const page = Math.max(step, (max - min) * PAGE)
    const to = {
      ArrowRight: value + step, ArrowUp: value + step, ArrowLeft: value - step, ArrowDown: value - step,
      PageUp: value + page, PageDown: value - page, Home: min, End: max,
    }[event.key]
    if (to === undefined || disabled) return
    event.preventDefault()
    this.change(this.quantise(to))
    this.settle(value)
  }

  override update(): void {
    const { min, max, disabled, showValue, blockColor } = this.props
    const value = this.quantise(this.props.value)
    const part = `${max > min ? ((value - min) / (max - min)) * 100 : 0}%`
    this.track.style.width = this.handle.style.left = this.thumb.style.left = part
    this.track.style.backgroundColor = this.props.activeColor || this.props.selectedColor
    this.rail.style.backgroundColor = this.props.backgroundColor || this.props.color
    const size = Math.min(28, Math.max(12, this.props.blockSize))
    Object.assign(this.thumb.style, {
      width: `${size}px`, height: `${size}px`, margin: `${-size / 2}px 0 0 ${-size / 2}px`, backgroundColor: blockColor,
    })
    this.wrapper.classList.toggle('wx-slider-disabled', disabled)
    this.text.hidden = !showValue
    this.text.textContent = String(value)
    const aria = { valuemin: min, valuemax: max, valuenow: value, disabled }
    for (const [name, state] of Object.entries(aria)) this.host.setAttribute(`aria-${name}`, String(state))
  }

  override formValue(): number {
    return this.quantise(this.props.value)
  }

  override formReset(): void {
    this.set({ value: this.props.min })
  }
}
