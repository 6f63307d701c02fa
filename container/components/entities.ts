/** Characters that text and rich-text write instead of others. */

/** `space` attribute → the space it draws. */
export const SPACES: { [name: string]: string } = { ensp: '\u2002', emsp: '\u2003', nbsp: '\u00a0' }

const NAMED: { [name: string]: string } = { ...SPACES, lt: '<', gt: '>', amp: '&', apos: "'", quot: '"' }

/** The entities that WeChat knows; numbers only where `numeric` says so. */
export const decodeEntities = (text: string, numeric = false): string =>
  !text.includes('&') ? text : text.replace(/&(#x?)?(\w+);/gi, (whole, kind: string | undefined, name: string) => {
    if (!kind) return NAMED[name] ?? whole
    const code = parseInt(name, kind === '#' ? 10 : 16)
    return numeric && code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
