/**
 * Built-in components as external components of glass-easel: the framework keeps class, style, dataset, events and
 * property values; a `Builtin` (components/kit) owns the DOM inside the host element.
 */
import type { ComponentSpace, GeneralComponent, templateEngine } from 'glass-easel'
import { adoptBuiltin, type Builtin, type BuiltinClass, builtinOf, changed, propertiesOf } from '../components/kit'
import type { Runtime } from './context'
import './slots'

type Values = { [name: string]: unknown }

/** Properties given before `attached`; the first update of a built-in is one pass over these and its own. */
const given = new WeakMap<Builtin<any>, Set<string>>()

function engineFor(rt: Runtime, type: BuiltinClass): templateEngine.TemplateEngine {
  const createInstance = (component: GeneralComponent): templateEngine.TemplateInstance => {
    // A page that is gone has no backend; its data may still change, into elements that nobody sees.
    const host = (component.getBackendElement() as unknown as HTMLElement | null) ?? document.createElement(`wx-${type.tag}`)
    const builtin = new type(rt, host, component)
    given.set(builtin, new Set())
    adoptBuiltin(builtin)
    builtin.create()
    const shadowRoot = { root: host, slot: builtin.slot, getIdMap: () => ({}), handleEvent() {}, setListener() {} }
    return {
      shadowRoot: shadowRoot as unknown as templateEngine.TemplateInstance['shadowRoot'],
      initValues: () => {},
      updateValues: (data, changes) => {
        const waiting = given.get(builtin)
        for (const [path] of changes) {
          const name = String(path[0])
          if (waiting) waiting.add(name)
          else apply(rt, type, builtin, name, (data as Values)[name])
        }
      },
    }
  }
  return { create: () => ({ createInstance }) }
}

function apply(rt: Runtime, type: BuiltinClass, builtin: Builtin<any>, name: string, value: unknown): void {
  const old = builtin.props[name]
  builtin.props[name] = value
  rt.guard(`<${type.tag}>`, () => changed(builtin, name, value, old))
}

function initialise(rt: Runtime, type: BuiltinClass, builtin: Builtin<any>): void {
  const names = given.get(builtin)
  if (!names) return
  given.delete(builtin)
  const data = builtin.component.data as Values
  const own = Object.keys(type.properties)
  // All values first: one property's update may look at another.
  for (const name of own) builtin.props[name] = data[name]
  for (const name of own) rt.guard(`<${type.tag}>`, () => changed(builtin, name, data[name], undefined))
  for (const name of names) if (!(name in type.properties)) apply(rt, type, builtin, name, data[name])
}

/** Define every built-in as a global component of `space`. */
export function defineBuiltins(rt: Runtime, space: ComponentSpace, types: readonly BuiltinClass[]): void {
  const builtin = (component: GeneralComponent) => {
    const host = component.getBackendElement() as unknown as Node | null
    return host ? builtinOf(host) : undefined
  }
  for (const type of types) {
    const definition = space
      .define(`eden/${type.tag}`)
      .options({ externalComponent: true, templateEngine: engineFor(rt, type) })
      .definition({ properties: propertiesOf(type) as any })
      .lifetime('attached', function (this: GeneralComponent) {
        const self = builtin(this)
        if (!self) return
        initialise(rt, type, self)
        rt.guard(`<${type.tag}>`, () => self.attached())
      } as any)
      .lifetime('detached', function (this: GeneralComponent) {
        rt.guard(`<${type.tag}>`, () => builtin(this)?.detached())
      } as any)
      .registerComponent()
    space.setGlobalUsingComponent(type.tag, definition as any)
  }
}

/** One style sheet of all built-ins; every page adopts it first. */
export const builtinCss = (types: readonly BuiltinClass[]): string => types.map((type) => type.css ?? '').join('\n')
