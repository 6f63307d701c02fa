/**
 * The tick of checkbox and radio. Programs restyle it through `::before` (content, font-size, colour), so it has to
 * be a character: this font has one glyph, U+EA08, drawn for Eden on a grid of 1,000 units.
 */

const FONT = 'data:font/woff2;base64,' +
  'd09GMgABAAAAAAEQAAoAAAAAAlAAAADHAAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAABmAANAooPgE2AiQDBgsGAAQgBTwHIButASAu' +
  'DuIxx9JMySeEOq3Gt3EpAmlML8kPyXfGzE5oIAfARm5akTEFY9oGPHyXGnG3Pl/dNhcCCujgeEIRHiWFAA8mgQUaR3mMOWJj+qqq' +
  'F19GNI55WC8GaPU4hCI+ATozJArLSmBZ00HTBAPDIQ6sLAAkaAiMYgrQADF6cr61c7HxvDfKzu/P/98OEAi+V18ezNl4VQ+6pd6t' +
  '/SpHSRBc0Z5bt5XARqJ6uBVIowIkAACaNQFCIEAKoUSbEFJO0trrpleRLAAAAAA='

/** Loaded once; sheets in shadow roots cannot bring fonts. */
export function loadTick(): void {
  if (loaded) return
  loaded = true
  const face = new FontFace('eden-tick', `url(${FONT})`)
  document.fonts.add(face)
  void face.load()
}

let loaded = false
