/** Rules that hold in the dark theme only, with the weight they would have anywhere else. */
export const dark = (rules: string): string =>
  rules.replace(/([^{}]+)\{/g, (_, selectors: string) =>
    `${selectors.trim().split(/,(?![^(]*\))/).map((selector) => `:where([data-theme=dark]) ${selector}`).join(',')}{`)
