/** wx.worklet.Easing: curves from [0, 1] to about [0, 1]. Pure. */
export type Curve = (t: number) => number

const poly = (n: number): Curve => (t) => t ** n
const inward = (curve: Curve): Curve => curve
const outward = (curve: Curve): Curve => (t) => 1 - curve(1 - t)
const inOut = (curve: Curve): Curve => (t) => (t < 0.5 ? curve(t * 2) / 2 : 1 - curve((1 - t) * 2) / 2)

const bounce: Curve = (t) => {
  if (t < 1 / 2.75) return 7.5625 * t * t
  if (t < 2 / 2.75) return 7.5625 * (t - 1.5 / 2.75) ** 2 + 0.75
  if (t < 2.5 / 2.75) return 7.5625 * (t - 2.25 / 2.75) ** 2 + 0.9375
  return 7.5625 * (t - 2.625 / 2.75) ** 2 + 0.984375
}

/** CSS cubic-bezier(x1, y1, x2, y2): bisection for the parameter at x. */
export function bezier(x1: number, y1: number, x2: number, y2: number): Curve {
  const axis = (a: number, b: number, s: number) => 3 * a * s * (1 - s) ** 2 + 3 * b * s * s * (1 - s) + s ** 3
  return (t) => {
    if (t <= 0 || t >= 1) return t <= 0 ? 0 : 1
    let low = 0
    let high = 1
    for (let round = 0; round < 24; round++) {
      const middle = (low + high) / 2
      if (axis(x1, x2, middle) < t) low = middle
      else high = middle
    }
    return axis(y1, y2, (low + high) / 2)
  }
}

export const EASING = {
  linear: ((t) => t) as Curve,
  ease: bezier(0.42, 0, 1, 1),
  quad: poly(2),
  cubic: poly(3),
  poly,
  sin: ((t) => 1 - Math.cos((t * Math.PI) / 2)) as Curve,
  circle: ((t) => 1 - Math.sqrt(1 - t * t)) as Curve,
  exp: ((t) => 2 ** (10 * (t - 1))) as Curve,
  elastic: (bounciness = 1): Curve => (t) => 1 - Math.cos((t * Math.PI) / 2) ** 3 * Math.cos(t * bounciness * Math.PI),
  back: (s = 1.70158): Curve => (t) => t * t * ((s + 1) * t - s),
  bounce,
  cubicBezier: bezier,
  /** The older form: a factory of the curve, which programs also use as the curve itself. */
  bezier: (x1: number, y1: number, x2: number, y2: number): Curve & { factory(): Curve } => {
    const curve = bezier(x1, y1, x2, y2)
    return Object.assign((t: number) => curve(t), { factory: () => curve })
  },
  in: inward,
  out: outward,
  inOut,
}
