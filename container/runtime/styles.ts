/**
 * Style sheets of the program as constructed sheets, shared by the pages that adopt them.
 *
 * A compiled sheet holds two markers: U+0001 before class names (replaced by the scope's prefix) and
 * U+0002 + "dark"/"light" in media conditions (replaced by a media feature that is always, or never, true).
 */
import type { Files } from './context'
import type { SheetSource } from './loader'

const CLASS = '\u0001'
const HOST = '[wx-host="\u0001"]'
const THEME = /\u0002(dark|light)/g

interface Instance { sheet: CSSStyleSheet; text: string; themed: boolean }

export class StyleSheets {
  private instances = new Map<string, Instance>()
  private fonts = new Set<string>()
  private fontSheet: CSSStyleSheet | undefined

  constructor(
    private readonly sources: Map<string, SheetSource>,
    private readonly files: Files,
    private theme: 'light' | 'dark',
  ) {}

  /**
   * The sheets for a path in cascade order: its imports, depth first, then itself. `scope` is a class prefix or "";
   * `host` is the value of the component's `wx-host` attribute.
   */
  get(path: string, scope: string, host = scope): CSSStyleSheet[] {
    const out: CSSStyleSheet[] = []
    const seen = new Set<string>()
    const visit = (key: string) => {
      if (seen.has(key)) return
      seen.add(key)
      const source = this.sources.get(key)
      if (!source) return
      source.imports?.forEach(visit)
      out.push(this.instance(key, source, scope, source.css.includes(HOST) ? host : '').sheet)
    }
    visit(path)
    return out
  }

  private instance(key: string, source: SheetSource, scope: string, host: string): Instance {
    const id = `${scope}\n${host}\n${key}`
    let instance = this.instances.get(id)
    if (!instance) {
      this.addFonts(key, source)
      const text = this.scoped(source, scope, host)
      instance = { sheet: new CSSStyleSheet(), text, themed: text.includes('\u0002') }
      this.instances.set(id, instance)
      this.fill(instance)
    }
    return instance
  }

  private scoped(source: SheetSource, scope: string, host: string): string {
    return this.resolveUrls(source.css.split(HOST).join(`[wx-host="${host}"]`).split(CLASS).join(scope && `${scope}--`))
  }

  private fill({ sheet, text, themed }: Instance): void {
    const feature = (theme: string) => (theme === this.theme ? '(min-width:0)' : '(min-width:1000000px)')
    sheet.replaceSync(themed ? text.replace(THEME, (_, theme: string) => feature(theme)) : text)
  }

  private resolveUrls(css: string): string {
    return css.replace(/url\("eden:\/([^"]*)"\)/g, (_, path: string) => `url("${this.files.url(`/${unescapeUrl(path)}`)}")`)
  }

  /** Shadow roots do not see @font-face in adopted sheets, so fonts go to the document. */
  private addFonts(key: string, source: SheetSource): void {
    if (!source.fonts || this.fonts.has(key)) return
    this.fonts.add(key)
    if (!this.fontSheet) {
      this.fontSheet = new CSSStyleSheet()
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, this.fontSheet]
    }
    const scratch = new CSSStyleSheet()
    scratch.replaceSync(this.resolveUrls(source.fonts))
    for (const rule of Array.from(scratch.cssRules)) this.fontSheet.insertRule(rule.cssText, this.fontSheet.cssRules.length)
  }

  setTheme(theme: 'light' | 'dark'): void {
    if (this.theme === theme) return
    this.theme = theme
    for (const instance of this.instances.values()) if (instance.themed) this.fill(instance)
  }

  /** Live reload: sheets whose source changed are parsed again in place, so every page shows them at once. */
  replace(changed: Map<string, SheetSource>): void {
    for (const [key, source] of changed) this.sources.set(key, source)
    for (const [id, instance] of this.instances) {
      const [scope = '', host = '', key = ''] = id.split('\n')
      const source = changed.get(key)
      if (!source) continue
      instance.text = this.scoped(source, scope, host)
      instance.themed = instance.text.includes('\u0002')
      this.fill(instance)
    }
  }
}

const unescapeUrl = (path: string): string => {
  const clean = path.replace(/[?#].*$/, '')
  try {
    return decodeURIComponent(clean)
  } catch {
    return clean
  }
}
