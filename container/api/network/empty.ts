/**
 * The answer of a check without fixtures (see docs/check.md): whatever field the program reads is there, and is
 * empty: an empty text to templates, 0 to arithmetic and to `==`, to loops a list of one item that is as empty
 * again. So pages open as for a customer with one blank entry, instead of failing at the first `data.data.list`.
 * Only the status fields of the answer itself have values: `fields`, what the program takes for success.
 */
const TEXT = new Set(Object.getOwnPropertyNames(String.prototype))
const NUMBER = new Set(['toFixed', 'toPrecision', 'toExponential'])
/** Read by the language and by libraries that ask what a value is; an object of ours there would mislead. */
const ABSENT = new Set<PropertyKey>(['then', 'toJSON', 'nodeType', '$$typeof', '__v_isRef'])

export function emptyAnswer(fields: object = {}, items: unknown[] = [emptyAnswer({}, [])]): unknown {
  const known = new Map<PropertyKey, unknown>(Object.entries(fields))
  return new Proxy(items, {
    get(target, key) {
      if (key === Symbol.toPrimitive) return (hint: string) => (hint === 'number' ? 0 : '')
      if (typeof key === 'symbol' || key in target || ABSENT.has(key)) return Reflect.get(target, key) as unknown
      if (known.has(key)) return known.get(key)
      const value: unknown = NUMBER.has(key) ? (0 as unknown as { [name: string]: () => string })[key]!.bind(0)
        : TEXT.has(key) ? (('' as unknown as { [name: string]: () => unknown })[key] as () => unknown).bind('')
          : emptyAnswer()
      known.set(key, value)
      return value
    },
  })
}
