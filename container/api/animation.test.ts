import { expect, test } from 'vitest'
import { Animation } from './animation'
import { bezier, EASING } from './easing'
import { crosses, mediaQuery } from './observers'

test('a step closes a group with its own or the default timing', () => {
  const animation = new Animation({ duration: 200, timingFunction: 'ease' })
  const exported = animation
    .translateX(10)
    .opacity(0.5)
    .step()
    .width(20)
    .step({ duration: 0, delay: 5, transformOrigin: '0 0' })
    .export()
  expect(exported.actions.map((action: any) => action.option)).toEqual([
    { transformOrigin: '50% 50% 0', transition: { duration: 200, timingFunction: 'ease', delay: 0 } },
    { transformOrigin: '0 0', transition: { duration: 0, timingFunction: 'ease', delay: 5 } },
  ])
  expect(exported.actions[0].animates).toEqual([
    { type: 'translateX', args: [10] },
    { type: 'style', args: ['opacity', 0.5] },
  ])
})

test('movements stay for later steps until the same kind comes again', () => {
  const animation = new Animation()
  animation.rotate(45).width(10).step().rotate(90).step()
  const [, second] = animation.export().actions
  expect(second!.animates).toEqual([
    { type: 'rotate', args: [90] },
    { type: 'style', args: ['width', '10px'] },
  ])
})

test('an export empties the list', () => {
  const animation = new Animation()
  animation.scale(2).step()
  expect(animation.export().actions).toHaveLength(1)
  expect(animation.export().actions).toHaveLength(0)
})

test('the timing can be read back', () => {
  expect(new Animation({ duration: 100 }).option.transition).toEqual({
    duration: 100,
    timingFunction: 'linear',
    delay: 0,
  })
})

test('lengths given as text stay as they are', () => {
  expect(new Animation().left('50%').step().export().actions[0].animates[0].args).toEqual(['left', '50%'])
})

test('curves begin at 0 and end at 1', () => {
  const { linear, quad, cubic, sin, circle, bounce, inOut, out, back, poly } = EASING
  for (const curve of [
    linear,
    quad,
    cubic,
    sin,
    circle,
    bounce,
    back(),
    poly(5),
    inOut(quad),
    out(cubic),
    bezier(0.42, 0, 0.58, 1),
  ]) {
    expect(curve(0)).toBeCloseTo(0, 5)
    expect(curve(1)).toBeCloseTo(1, 5)
  }
  expect(bezier(0, 0, 1, 1)(0.3)).toBeCloseTo(0.3, 4)
  expect(bezier(0.42, 0, 0.58, 1)(0.5)).toBeCloseTo(0.5, 4)
})

test('a threshold is crossed on the way and when it is reached', () => {
  expect(crosses([0], 0, 0)).toBe(false)
  expect(crosses([0], 0, 0.01)).toBe(true)
  expect(crosses([1], 0.2, 0.9)).toBe(false)
  expect(crosses([1], 0.2, 1)).toBe(true)
  expect(crosses([0.5], 0.6, 0.4)).toBe(true)
})

test('media query descriptors', () => {
  expect(mediaQuery({ minWidth: 300, maxWidth: 600, orientation: 'landscape' })).toBe(
    '(min-width:300px) and (max-width:600px) and (orientation:landscape)',
  )
  expect(mediaQuery({})).toBe('all')
})
