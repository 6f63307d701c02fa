/** What the developer chose last; kept by the browser for this address. */
const KEY = 'eden-simulator'

export interface Preferences {
  device: string | null
  lying: boolean
  theme: 'light' | 'dark' | null
  tab: string | null
  /** of the panel, px */
  width: number
}

const DEFAULTS: Preferences = { device: null, lying: false, theme: null, tab: null, width: 440 }

export function loadPreferences(): Preferences {
  try {
    return { ...DEFAULTS, ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Preferences>) }
  } catch {
    return { ...DEFAULTS }
  }
}

export function savePreferences(preferences: Preferences): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(preferences))
  } catch {
    // A browser that keeps nothing: the next visit begins with the defaults.
  }
}
