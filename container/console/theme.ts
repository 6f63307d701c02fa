/** The switch of the appearance acts at once; the cookie tells the server for the next page. */

const YEAR = 365 * 24 * 3600

export function installTheme(): void {
  document.addEventListener('click', (event) => {
    const choice = (event.target as Element).closest<HTMLButtonElement>('[data-theme-choice]')
    if (!choice) return
    event.preventDefault()
    const theme = choice.value
    const secure = location.protocol === 'https:' ? '; Secure' : ''
    document.cookie = `eden_theme=${theme}; Path=/console; Max-Age=${YEAR}; SameSite=Lax${secure}`
    document.documentElement.dataset.theme = theme
    const scheme = document.querySelector<HTMLMetaElement>('meta[name="color-scheme"]')
    if (scheme) scheme.content = theme === 'system' ? 'light dark' : theme
    for (const button of document.querySelectorAll<HTMLButtonElement>('[data-theme-choice]')) {
      button.setAttribute('aria-pressed', String(button.value === theme))
    }
  })
}

/** Call after the colours have changed, by the switch or by the system. */
export function onTheme(changed: () => void): void {
  new MutationObserver(changed).observe(document.documentElement, { attributeFilter: ['data-theme'] })
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed)
}
