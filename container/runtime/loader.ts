/**
 * The program's parts in the frame: modules, templates, style sheets and configuration of every loaded package,
 * and `require` over them. See docs/package-format.md for what the files hold.
 */
import type { PackageFiles } from '../bridge/messages'
import type { AppConfig, ComponentConfig } from './context'

type ModuleBody = (require: Require, module: Module, exports: unknown, ...hidden: undefined[]) => void
export interface Module { id: string; exports: unknown }
export interface Require {
  (specifier: string, done?: (exports: unknown) => void, failed?: (error: unknown) => void): unknown
  async(specifier: string): Promise<unknown>
  resolve(specifier: string): string
}
export type TemplateFactory = (getRegExp: unknown, getDate: unknown, wxs: unknown) => { [path: string]: unknown }
export interface SheetSource { imports?: string[]; css: string; fonts?: string }

const decoder = new TextDecoder()
const dirname = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1)

/** Collapse "." and ".."; the result has no leading slash. */
export function normalize(path: string): string {
  const out: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') out.pop()
    else out.push(part)
  }
  return out.join('/')
}

export class ModuleNotFound extends Error {
  constructor(specifier: string, from: string) {
    super(`module '${specifier}' is not defined, require args is '${specifier}' (required from ${from || 'the program'})`)
  }
}

export class Loader {
  private definitions = new Map<string, ModuleBody | { value: unknown }>()
  private cache = new Map<string, Module>()
  readonly templates: { [path: string]: unknown } = Object.create(null)
  readonly sheets = new Map<string, SheetSource>()
  readonly files = new Map<string, ArrayBuffer>()
  readonly loaded = new Set<string>()
  config!: AppConfig
  /** the main package came later than at the start */
  onMain = (): void => {}

  constructor(
    private readonly templateArguments: [unknown, unknown, unknown],
    /** ask the host for a package's files */
    private readonly fetchPackage: (name: string) => Promise<PackageFiles>,
    /** run script text as a script of its own; the promise settles when it has run */
    private readonly run: (text: string, name: string) => Promise<void>,
  ) {}

  // ---- called by scripts.js and templates.js -----------------------------------------------------------------

  define = (path: string, body: unknown): void => {
    this.definitions.set(path, typeof body === 'function' ? (body as ModuleBody) : { value: body })
    this.cache.delete(path)
  }

  addTemplates = (_package: string, factory: TemplateFactory): void => {
    const group = factory(...this.templateArguments)
    // a template is a getter that evaluates it on first use
    for (const [path, template] of Object.entries(Object.getOwnPropertyDescriptors(group))) {
      if (!(path in this.templates)) Object.defineProperty(this.templates, path, template)
    }
  }

  // ---- packages ----------------------------------------------------------------------------------------------

  async addPackage(name: string, files: PackageFiles): Promise<void> {
    if (this.loaded.has(name)) return
    this.loaded.add(name)
    const text = (path: string) => (files[path] ? decoder.decode(files[path]) : '')
    const config = JSON.parse(text('code/config.json') || '{}') as Partial<AppConfig>
    const components = { ...this.config?.components, ...config.components }
    // an independent package has the application's configuration, too: it may be the first
    this.config = name === 'main' || !this.config ? { ...(config as AppConfig), components } : { ...this.config, components }
    const sheets = JSON.parse(text('code/styles.json') || '{}') as { [path: string]: SheetSource }
    for (const [path, sheet] of Object.entries(sheets)) this.sheets.set(path, sheet)
    for (const [path, bytes] of Object.entries(files)) if (path.startsWith('files/')) this.files.set(path.slice(6), bytes)
    await this.run(text('code/templates.js'), `${name}/templates.js`)
    await this.run(text('code/scripts.js'), `${name}/scripts.js`)
  }

  private pending = new Map<string, Promise<void>>()

  /** Load a package once, after the main package if it builds upon that. */
  load(name: string): Promise<void> {
    if (this.loaded.has(name)) return Promise.resolve()
    let work = this.pending.get(name)
    if (!work) {
      work = this.fetch(name).finally(() => this.pending.delete(name))
      this.pending.set(name, work)
    }
    return work
  }

  private async fetch(name: string): Promise<void> {
    const alone = name === 'main' || this.config.subpackages.some((part) => part.name === name && part.independent)
    if (!alone) await this.load('main')
    await this.addPackage(name, await this.fetchPackage(name))
    if (name === 'main') this.onMain()
  }

  /** The package that holds this page or file. */
  packageOf(path: string): string {
    for (const { name, root } of this.config.subpackages) if (path.startsWith(`${root}/`)) return name
    return 'main'
  }

  component(path: string): ComponentConfig | undefined {
    return this.config.components[path]
  }

  // ---- modules -----------------------------------------------------------------------------------------------

  has(path: string): boolean { return this.definitions.has(path) }

  /** Run a module once and return its exports. */
  require(path: string, from = ''): unknown {
    const known = this.cache.get(path)
    if (known) return known.exports
    const definition = this.definitions.get(path)
    if (!definition) throw new ModuleNotFound(path, from)
    if (typeof definition !== 'function') return definition.value
    const module: Module = { id: path, exports: {} }
    this.cache.set(path, module)
    try {
      definition.call(module.exports, this.requireFrom(path), module, module.exports)
    } catch (error) {
      this.cache.delete(path)
      throw error
    }
    return module.exports
  }

  requireFrom(from: string): Require {
    const require = ((specifier: string, done?: (exports: unknown) => void, failed?: (error: unknown) => void) => {
      if (done) {
        require.async(specifier).then(done, failed)
        return undefined
      }
      const path = this.resolve(specifier, from)
      if (path === undefined) throw new ModuleNotFound(specifier, from)
      return this.require(path, from)
    }) as Require
    require.async = async (specifier) => {
      let path = this.resolve(specifier, from)
      if (path === undefined) {
        await this.load(this.packageOf(normalize(specifier.startsWith('/') ? specifier : dirname(from) + specifier)))
        path = this.resolve(specifier, from)
      }
      if (path === undefined) throw Object.assign(new ModuleNotFound(specifier, from), { mod: specifier })
      return this.require(path, from)
    }
    require.resolve = (specifier) => this.resolve(specifier, from) ?? specifier
    return require
  }

  /** Resolve a specifier to a module path, by the rules of docs/package-format.md. */
  resolve(specifier: string, from: string): string | undefined {
    const clean = specifier.replace(/^npm:/, '')
    const aliased = this.alias(clean)
    if (aliased !== undefined) return this.file(normalize(aliased))
    if (clean.startsWith('/')) return this.file(normalize(clean))
    const relative = this.file(normalize(dirname(from) + clean))
    if (clean.startsWith('.') || relative !== undefined) return relative
    for (let folder = dirname(from); ; folder = dirname(folder.slice(0, -1))) {
      const found = this.file(normalize(`${folder}miniprogram_npm/${clean}`))
      if (found !== undefined) return found
      if (folder === '') return this.file(normalize(clean))
    }
  }

  private alias(specifier: string): string | undefined {
    for (const [pattern, target] of Object.entries(this.config?.resolveAlias ?? {})) {
      if (pattern === specifier) return target
      if (pattern.endsWith('*') && specifier.startsWith(pattern.slice(0, -1))) {
        return target.replace(/\*$/, '') + specifier.slice(pattern.length - 1)
      }
    }
    return undefined
  }

  private file(path: string): string | undefined {
    for (const candidate of [path, `${path}.js`, `${path}/index.js`, `${path}.json`, path.replace(/\.ts$/, '.js')]) {
      if (this.definitions.has(candidate)) return candidate
    }
    return undefined
  }
}
