/**
 * Page, Component and Behavior over glass-easel and its mini-program adapter: components are defined when a page
 * first needs them, from the package's script, template, style sheet and configuration.
 */
import { type GeneralBehavior, type GeneralComponent, type ComponentSpace, addGlobalErrorListener, addGlobalWarningListener, type DeepCopyKind } from 'glass-easel'
import { type CodeSpace, MiniProgramEnv } from 'glass-easel-miniprogram-adapter'
import { wxBehaviors } from '../components/kit'
import type { ComponentConfig, Runtime } from './context'
import { copyFields, type Definition, normalizeDefinition, pageDefinition } from './definitions'
import { elementOf } from './events'
import type { Loader } from './loader'

export interface ComponentHooks {
  created(component: GeneralComponent): void
  attached(component: GeneralComponent): void
}

export class Components {
  readonly space: CodeSpace
  readonly componentSpace: ComponentSpace
  private defined = new Set<string>()
  private registered = new Set<string>()
  private defining = ''
  private known = new Map<string, unknown>()

  constructor(private readonly rt: Runtime, private readonly loader: Loader, hooks: ComponentHooks) {
    const env = new MiniProgramEnv()
    this.space = env.createCodeSpace('', true)
    this.componentSpace = this.space.getComponentSpace()
    // Programs name properties as they like ("dataset", "shadowRoot"); on the node they would hide the framework's.
    // Their data may hold cycles (a chart, a component), which a plain copy would follow for ever.
    const recursive = 'simple-recursion' as DeepCopyKind
    this.componentSpace.updateComponentOptions({ writeFieldsToNode: false, dataDeepCopy: recursive, propertyPassingDeepCopy: recursive })
    this.writeIds()
    // Every program component runs these before its own lifetimes.
    const hooked = this.componentSpace
      .define()
      .lifetime('created', function (this: unknown) { hooks.created(elementOf(this) as GeneralComponent) } as any)
      .lifetime('attached', function (this: unknown) { hooks.attached(elementOf(this) as GeneralComponent) } as any)
      .registerBehavior()
    this.space.setOverallBehavior(hooked as any)
    this.componentSpace.setComponentWaitingListener?.((_isPub: boolean, path: string) => void this.defineLate(path))
    this.defineKnownBehaviors()
    addGlobalWarningListener(() => false)
    addGlobalErrorListener((error, _method, component) => {
      this.rt.guard(typeof component === 'object' ? component.is : component ?? 'component', () => { throw error })
      return false
    })
  }

  /** Ids go to the DOM as the program wrote them, for #id selectors and ARIA; the adapter would prefix them at random. */
  private writeIds(): void {
    // Methods that a program puts on `this` later take the place of those it defined.
    this.componentSpace.updateComponentOptions({ writeIdToDOM: true, useMethodCallerListeners: true })
    const space = this.space as unknown as { prepareComponentOptions(...args: unknown[]): [{ idPrefixGenerator?: null }, unknown] }
    const prepare = space.prepareComponentOptions.bind(space)
    space.prepareComponentOptions = (...args) => {
      const [options, isolation] = prepare(...args)
      return [{ ...options, idPrefixGenerator: null }, isolation]
    }
  }

  // ---- constructors that programs call -----------------------------------------------------------------------

  Page = (page: Definition = {}): void => {
    const { definition, fields } = pageDefinition(page)
    this.register(definition, fields)
  }

  Component = (definition: Definition = {}): string => {
    this.register(definition, undefined)
    return this.defining
  }

  Behavior = (definition: Definition = {}): unknown =>
    this.space.behavior().definition(normalizeDefinition(definition, this.knownBehavior) as any).register()

  private knownBehavior = (name: string): unknown => {
    const behavior = this.known.get(name)
    if (!behavior) console.warn(`behavior "${name}" is not known`)
    return behavior
  }

  private defineKnownBehaviors(): void {
    const field = { properties: { name: { type: String }, value: { type: null } } }
    this.known.set('wx://form-field', this.Behavior(field))
    this.known.set('wx://form-field-group', this.Behavior(field))
    this.known.set('wx://form-field-button', this.Behavior({ properties: { formType: { type: String } } }))
    this.known.set('wx://component-export', this.Behavior({}))
    this.known.set('wx://proxy-scroll-view', this.Behavior({}))
    for (const [name, behavior] of this.known) wxBehaviors.set(name, (behavior as { _$: GeneralBehavior })._$)
  }

  private register(raw: Definition, fields: Definition | undefined): void {
    const path = this.defining
    const definition = normalizeDefinition(raw, this.knownBehavior)
    const options: Definition = definition.options ?? {}
    const config = this.loader.component(path) ?? {}
    this.space.addComponentStaticConfig(path, this.staticConfig(config, options) as any)
    const builder = this.space.component(path).definition(definition as any)
    if (fields) {
      const methods = Object.entries(definition.methods as { [name: string]: (...args: unknown[]) => unknown })
      builder.init((function (this: Definition) {
        // A page's functions know their page, however they are called: setInterval(this.tick).
        for (const [name, method] of methods) this[name] = method.bind(this)
        Object.assign(this, copyFields(fields))
      }) as any)
    }
    builder.register()
    this.registered.add(path)
  }

  /** JSON configuration merged with `options`, in the adapter's form. */
  private staticConfig(config: ComponentConfig, options: Definition): Definition {
    const absolute = (path: string) => (path.includes('://') ? path : `/${path}`)
    const using = Object.fromEntries(Object.entries(config.usingComponents ?? {}).map(([alias, path]) => [alias, absolute(path)]))
    const generics = Object.fromEntries(
      Object.entries(config.componentGenerics ?? {}).map(([name, generic]) => [name, typeof generic === 'object' && generic.default ? { default: absolute(generic.default) } : true]),
    )
    return {
      component: config.component === true,
      usingComponents: using,
      componentGenerics: generics,
      componentPlaceholder: config.componentPlaceholder ?? {},
      styleIsolation: config.styleIsolation ?? options.styleIsolation,
      addGlobalClass: config.addGlobalClass ?? options.addGlobalClass,
      pureDataPattern: config.pureDataPattern,
    }
  }

  // ---- definition on demand ----------------------------------------------------------------------------------

  /** Define a component or page and everything it uses; harmless when repeated. */
  define(path: string): void {
    if (this.defined.has(path)) return
    this.defined.add(path)
    const config = this.loader.component(path)
    if (!config) return
    // WeChat shows nothing of a page whose script or template fails; of a component only its place stays empty
    const vital = this.rt.config.pages.includes(path)
    // evaluates the template and the WXS modules it loads, which may throw
    const template = this.rt.guard(path, () => this.loader.templates[path], vital)
    if (template) {
      this.space.addCompiledTemplate(path, { groupList: this.loader.templates as any, content: template as any, fallbackListenerOnNativeNode: true })
    }
    this.space.addStyleSheet(path, path, scopeName(path))
    // on WeChat the scripts of components run before those of the pages that use them
    for (const [alias, used] of Object.entries(config.usingComponents ?? {})) {
      if (!config.componentPlaceholder?.[alias] || this.loader.component(used)) this.define(used)
    }
    for (const generic of Object.values(config.componentGenerics ?? {})) {
      if (typeof generic === 'object' && generic.default) this.define(generic.default)
    }
    const outer = this.defining
    this.defining = path
    const script = `${path}.js`
    if (this.loader.has(script)) this.rt.guard(script, () => this.loader.require(script), vital)
    if (!this.registered.has(path)) this.register({}, undefined)
    this.defining = outer
  }

  isDefined(path: string): boolean { return this.registered.has(path) }

  /** A placeholder stands in for this component: fetch its package, then glass-easel replaces it. */
  private async defineLate(path: string): Promise<void> {
    try {
      await this.loader.load(this.loader.packageOf(path))
      this.componentSpace.groupRegister(() => { this.defined.delete(path); this.define(path) })
    } catch (error) {
      this.rt.guard(path, () => { throw error })
    }
  }

  /** Live reload: forget everything that was defined, so that the next page is made of the new code. */
  reset(): void {
    this.defined.clear()
    this.registered.clear()
  }
}

/** A class prefix for the component's own style scope: readable, unique, a valid start of a class name. */
export const scopeName = (path: string): string => path.replace(/[^\w-]+/g, '-').replace(/^[^a-zA-Z_]/, 'c$&')
