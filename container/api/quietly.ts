/** For what can never work here: a failure whose promise nobody looks at is no uncaught error. */
export const quietly = (call: (options?: any) => unknown) => (options?: any): unknown => {
  const result = call(options)
  if (result instanceof Promise) result.catch(() => undefined)
  return result
}
