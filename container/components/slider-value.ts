/** The nearest value that a slider can stand at: min plus a whole number of steps, at most max. */
export function sliderValue(value: number, min: number, max: number, step: number): number {
  const size = step > 0 ? step : 1
  const steps = Math.round((Math.min(max, Math.max(min, value)) - min) / size)
  const digits = Math.max(decimals(size), decimals(min))
  return Math.min(max, Number((min + steps * size).toFixed(digits)))
}

/** Digits after the decimal point. */
const decimals = (value: number): number => (/\.(\d+)$/.exec(String(value))?.[1] ?? '').length
