import { expect, test } from 'vitest'
import { dark } from './dark'

test('every selector of every rule is prefixed', () => {
  expect(dark('.a,.b{color:red}\n.c:not(.d,.e){color:blue}')).toBe(
    ':where([data-theme=dark]) .a,:where([data-theme=dark]) .b{color:red}:where([data-theme=dark]) .c:not(.d,.e){color:blue}')
})
