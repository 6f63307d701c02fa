/**
 * Is the text of a page's navigation bar black or white? The phone draws status bar and capsule over it in the same
 * colour. Read from the program's configuration; what it sets at run time the host does not see.
 */
import type { PackageFiles } from '../../bridge/messages'

type TextStyle = 'black' | 'white'
interface Window { navigationBarTextStyle?: unknown }
interface Config {
  window?: Window
  components?: { [path: string]: Window | undefined }
  theme?: { [theme: string]: { [name: string]: unknown } | undefined } | null
  darkmode?: unknown
}

export class Look {
  private window: Window = {}
  private pages: { [path: string]: Window | undefined } = Object.create(null) as {}
  private themes: NonNullable<Config['theme']> = {}
  private dark = false

  /** Learn from a package's files; nonsense teaches nothing. */
  learn(files: PackageFiles): void {
    const bytes = files['code/config.json']
    if (!bytes) return
    try {
      const config = JSON.parse(new TextDecoder().decode(bytes)) as Config
      Object.assign(this.pages, config.components)
      if (config.window) this.window = config.window
      if (config.theme) this.themes = config.theme
      this.dark ||= config.darkmode === true
    } catch {
      // The runtime reports a broken configuration.
    }
  }

  textStyle(route: string, theme: 'light' | 'dark'): TextStyle {
    let style = this.pages[route]?.navigationBarTextStyle ?? this.window.navigationBarTextStyle
    if (typeof style === 'string' && style.startsWith('@'))
      style = this.themes[this.dark ? theme : 'light']?.[style.slice(1)]
    return style === 'black' ? 'black' : 'white'
  }
}
