/** The hover-class of built-ins that have a default look while pressed (button, navigator). */
import { type Builtin, pressable } from './kit'

export interface HoverProps {
  hoverClass: string
  hoverStopPropagation: boolean
  hoverStartTime: number
  hoverStayTime: number
  disabled?: boolean
}

/** `own` is the built-in's class; a program may also name it, and it is in no scope. */
export function hoverable(builtin: Builtin<HoverProps>, own: string): void {
  let shown: string[] = []
  pressable(builtin, {
    start: () => builtin.props.hoverStartTime,
    stay: () => builtin.props.hoverStayTime,
    stop: () => builtin.props.hoverStopPropagation,
    disabled: () => builtin.props.disabled === true,
    hover: (on) => {
      builtin.host.classList.remove(...shown)
      const { hoverClass } = builtin.props
      const names = hoverClass.split(/\s+/)
      shown = !on || hoverClass === 'none' ? []
        : [builtin.authorClass(hoverClass), names.includes(own) ? own : ''].join(' ').split(' ').filter(Boolean)
      builtin.host.classList.add(...shown)
    },
  })
}
