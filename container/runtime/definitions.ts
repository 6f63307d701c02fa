/** Definitions as programs write them → definitions as glass-easel's adapter takes them. Pure. */

export type Definition = { [key: string]: any }

const TYPES = new Set<unknown>([String, Number, Boolean, Object, Array, Function, null])

/** A property's type; what glass-easel does not know (Date, a misspelt name) accepts any value. */
const typeOf = (type: unknown): unknown => (TYPES.has(type) ? type : null)

function property(definition: unknown): unknown {
  if (definition === null || typeof definition !== 'object') return typeOf(definition)
  const { observer, optionalTypes, ...rest } = definition as Definition
  const out: Definition = { ...rest, type: typeOf(rest.type) }
  if (Array.isArray(optionalTypes)) out.optionalTypes = optionalTypes.map(typeOf)
  if (out.value === undefined && rest.default !== undefined) out.value = typeof rest.default === 'function' ? rest.default() : rest.default
  delete out.default
  if (typeof observer === 'function') out.observer = observer
  else if (typeof observer === 'string') {
    // The old form: the observer is a method's name.
    out.observer = function (this: Definition, ...args: unknown[]) { return this[observer]?.(...args) }
  }
  return out
}

const mapValues = (object: Definition | undefined, change: (value: any, key: string) => unknown): Definition =>
  Object.fromEntries(Object.entries(object ?? {}).map(([key, value]) => [key, change(value, key)]))

/** `behaviors` may name WeChat's own; `known` answers those. */
export function normalizeDefinition(definition: Definition, known: (name: string) => unknown): Definition {
  const out: Definition = { ...definition }
  if (definition.properties) out.properties = mapValues(definition.properties, property)
  if (definition.observers && !Array.isArray(definition.observers)) {
    out.observers = mapValues(definition.observers, (observer) =>
      typeof observer === 'string' ? function (this: Definition, ...args: unknown[]) { return this[observer]?.(...args) } : observer)
  }
  if (definition.behaviors) {
    const behaviors = Array.isArray(definition.behaviors) ? definition.behaviors : [definition.behaviors]
    out.behaviors = behaviors.map((behavior: unknown) => (typeof behavior === 'string' ? known(behavior) : behavior)).filter(Boolean)
  }
  const functions = (object: Definition | undefined) => Object.fromEntries(Object.entries(object ?? {}).filter(([, value]) => typeof value === 'function'))
  for (const section of ['methods', 'lifetimes', 'pageLifetimes']) if (definition[section]) out[section] = functions(definition[section])
  for (const name of ['created', 'attached', 'ready', 'moved', 'detached']) if (name in out && typeof out[name] !== 'function') delete out[name]
  return out
}

/** Keys of Page() that are not fields of the page but sections, as in Component(). */
const SECTIONS = new Set(['data', 'behaviors', 'options', 'observers', 'lifetimes', 'pageLifetimes', 'externalClasses', 'properties', 'relations'])

/** Page() → Component() form; `fields` are the author's own values, copied into every page. */
export function pageDefinition(page: Definition): { definition: Definition; fields: Definition } {
  const definition: Definition = { methods: {} }
  const fields: Definition = {}
  for (const [key, value] of Object.entries(page)) {
    if (typeof value === 'function' && key !== 'data') definition.methods[key] = value
    else if (SECTIONS.has(key)) definition[key] = value
    else fields[key] = value
  }
  return { definition, fields }
}

/** A deep copy of arrays and plain objects; instances of classes keep their identity. */
export function copyFields<T>(value: T, seen = new Map<unknown, unknown>()): T {
  if (value === null || typeof value !== 'object') return value
  const known = seen.get(value)
  if (known) return known as T
  if (Array.isArray(value)) {
    const out: unknown[] = []
    seen.set(value, out)
    for (const item of value) out.push(copyFields(item, seen))
    return out as T
  }
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  const out: Definition = {}
  seen.set(value, out)
  for (const [key, item] of Object.entries(value)) out[key] = copyFields(item, seen)
  return out as T
}
