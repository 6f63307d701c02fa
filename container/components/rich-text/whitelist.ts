/** Elements and attributes that rich-text lets through, as WeChat documents them. */

const table = (text: string): Map<string, readonly string[]> =>
  new Map(text.trim().split('\n').map((line) => {
    const [names, attributes = ''] = line.split(':')
    return [names!, attributes.split(' ').filter(Boolean)] as const
  }).flatMap(([names, attributes]) => names.split(' ').filter(Boolean).map((name) => [name, attributes] as const)))

/** name → its own attributes; `class`, `style`, `id` and `dir` are allowed on all. */
export const ELEMENTS = table(`
a:href
abbr address article aside b big blockquote br center cite code dd del div dl dt em fieldset figure figcaption footer
h1 h2 h3 h4 h5 h6 header hr i ins label legend mark nav p pre q rt ruby s section small span
strong sub sup tbody tfoot thead tt u
bdi bdo
caption
col colgroup:span width
font:color face size
img:alt src height width
ol:start type
li:value
table:width border cellspacing cellpadding align
td th:colspan height rowspan width align valign
tr:colspan height rowspan width align valign
ul:type
`)

export const GLOBAL_ATTRIBUTES = ['class', 'style', 'id', 'dir']

/** Dropped with everything inside; other unknown elements give way to their children. */
export const SILENT = new Set('script style iframe object embed template noscript title head svg math'.split(' '))
